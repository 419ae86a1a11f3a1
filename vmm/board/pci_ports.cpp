#include "vmm/board/pci_ports.hpp"

namespace vmm {

namespace {

bool reaches_data(std::uint16_t port, unsigned size) {
  return port + size > lowmeg::bridge::ConfigPorts::kDataPort;
}

}  // namespace

std::uint32_t PciPorts::read(std::uint16_t port, unsigned size) {
  const std::uint32_t value = config_.read(port, size);
  if (port == ResetControl::kPort) return (value & ~std::uint32_t{0xff}) | reset_control_.read(port, 1);
  if (reaches_data(port, size)) observer_.accessed(ConfigAccess::kRead);
  return value;
}

void PciPorts::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port == ResetControl::kPort) return reset_control_.write(port, 1, value & 0xff);
  const lowmeg::Result<void> result = config_.write(port, size, value);
  if (!result) return faults_.fault(result.error());
  if (reaches_data(port, size)) observer_.accessed(ConfigAccess::kWrite);
}

}  // namespace vmm
