#include "lowmeg/bridge/config_ports.hpp"

namespace lowmeg::bridge {
namespace {

constexpr std::uint32_t kEnable = 0x80000000;
// Bits 30:24 and 1:0 of CONFADD are reserved and read 0 (data sheet 3.2.1).
constexpr std::uint32_t kAddressMask = 0x80fffffc;

// The cycle that holds the bytes of [port, port + size) in the dword at `dword_port`.
ByteEnables enables_within(std::uint32_t dword_port, std::uint32_t port, unsigned size) {
  unsigned bits = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t byte_port = dword_port + i;
    if (byte_port >= port && byte_port < port + size) bits |= 1u << i;
  }
  return ByteEnables(bits);
}

}  // namespace

void ConfigPorts::place(unsigned device, unsigned function, ConfigFunction& target) {
  LOWMEG_INVARIANT(device < 32 && function < 8, "a device number below 32, a function below 8");
  const std::uint32_t device_function = (device << 11) | (function << 8);
  for (const Place& place : places_) {
    LOWMEG_INVARIANT(place.device_function != device_function, "one function a place");
  }
  places_.push_back({device_function, &target});
}

void ConfigPorts::set_address(std::uint32_t value) {
  address_ = value & kAddressMask;
}

std::uint32_t ConfigPorts::read(std::uint16_t port, unsigned size) {
  const std::uint32_t first = port & ~3u;
  const unsigned shift = 8 * (port & 3u);
  const std::uint64_t low = read_cycle(first, enables_within(first, port, size));
  const ByteEnables above = enables_within(first + 4, port, size);
  const std::uint64_t high = above.none() ? 0xffffffff : read_cycle(first + 4, above);
  const std::uint64_t mask = (1ull << (8 * size)) - 1;
  return static_cast<std::uint32_t>(((low | high << 32) >> shift) & mask);
}

Result<void> ConfigPorts::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  const std::uint32_t first = port & ~3u;
  const std::uint64_t placed = std::uint64_t{value} << (8 * (port & 3u));
  auto low = write_cycle(first, enables_within(first, port, size), static_cast<std::uint32_t>(placed));
  const ByteEnables above = enables_within(first + 4, port, size);
  if (!low || above.none()) return low;
  return write_cycle(first + 4, above, static_cast<std::uint32_t>(placed >> 32));
}

ConfigFunction* ConfigPorts::selected() const {
  if (!(address_ & kEnable)) return nullptr;
  for (const Place& place : places_) {
    if (place.device_function == (address_ & 0x00ffff00)) return place.target;
  }
  return nullptr;
}

bool ConfigPorts::reaches_address(std::uint32_t dword_port, ByteEnables enables) const {
  return dword_port == kAddressPort && (enables.is_all() || address_cycles_ == AddressCycles::kAny);
}

std::uint32_t ConfigPorts::read_cycle(std::uint32_t dword_port, ByteEnables enables) {
  if (reaches_address(dword_port, enables)) return address_;
  ConfigFunction* const target = dword_port == kDataPort ? selected() : nullptr;
  return target ? target->read(static_cast<std::uint8_t>(address_ & 0xfc)) : 0xffffffff;
}

Result<void> ConfigPorts::write_cycle(std::uint32_t dword_port, ByteEnables enables, std::uint32_t value) {
  if (reaches_address(dword_port, enables)) set_address(enables.merge(address_, value));
  ConfigFunction* const target = dword_port == kDataPort ? selected() : nullptr;
  return target ? target->write(static_cast<std::uint8_t>(address_ & 0xfc), value, enables) : Result<void>{};
}

}  // namespace lowmeg::bridge
