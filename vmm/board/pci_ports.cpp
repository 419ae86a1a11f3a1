#include "vmm/board/pci_ports.hpp"

namespace vmm {

std::uint32_t PciPorts::read(std::uint16_t port, unsigned size) {
  if (port == ResetControl::kPort && size == 1) return reset_control_.read(port, size);
  return config_.read(port, size);
}

void PciPorts::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port == ResetControl::kPort && size == 1) return reset_control_.write(port, size, value);
  const bool data = port + size > lowmeg::bridge::ConfigPorts::kDataPort;
  if (data) observer_.before();
  const lowmeg::Result<void> result = config_.write(port, size, value);
  if (data) observer_.after();
  if (!result) faults_.fault(result.error());
}

}  // namespace vmm
