#include "vmm/cpu_kvm/board_exits.hpp"

namespace vmm {
namespace {

// The next piece of an access as the bus takes it: 4, 2 or 1 bytes. Whole dwords stay whole wherever they
// lie, as one cycle of the guest's.
unsigned piece(std::size_t left) {
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

// CF8h-CFFh, of PCI configuration mechanism #1.
constexpr unsigned kConfigStart = 0xcf8, kConfigEnd = 0xd00;

}  // namespace

// Empty for another port.
std::unique_lock<std::mutex> BoardExits::lock_config(std::uint16_t port, unsigned size) {
  const bool reaches_config = port < kConfigEnd && port + size > kConfigStart;
  return reaches_config ? std::unique_lock(config_) : std::unique_lock<std::mutex>();
}

std::uint32_t BoardExits::io_in(std::uint16_t port, unsigned size) {
  const auto config = lock_config(port, size);
  const std::lock_guard lock(ports_);
  return io_.read(port, size);
}

void BoardExits::io_out(std::uint16_t port, unsigned size, std::uint32_t value) {
  const auto config = lock_config(port, size);
  const std::lock_guard lock(ports_);
  io_.write(port, size, value);
}

void BoardExits::mmio_read(lowmeg::Gpa gpa, std::span<std::uint8_t> data) {
  const std::lock_guard lock(memory_);
  while (!data.empty()) {
    const unsigned size = piece(data.size());
    const std::uint32_t value = mmio_.read(gpa, size);
    for (unsigned i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(value >> (8 * i));
    data = data.subspan(size);
    gpa += size;
  }
}

void BoardExits::mmio_write(lowmeg::Gpa gpa, std::span<const std::uint8_t> data) {
  const std::lock_guard lock(memory_);
  while (!data.empty()) {
    const unsigned size = piece(data.size());
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{data[i]} << (8 * i);
    mmio_.write(gpa, size, value);
    data = data.subspan(size);
    gpa += size;
  }
}

}  // namespace vmm
