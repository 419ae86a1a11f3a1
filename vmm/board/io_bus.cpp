#include "vmm/board/io_bus.hpp"

#include <algorithm>

#include "lowmeg/core/invariant.hpp"

namespace vmm {
namespace {

constexpr std::uint32_t kLastPort = 0xffff;

// Of `size` bytes, 1 to 4.
constexpr std::uint32_t mask_of(unsigned size) {
  return 0xffffffffu >> (32 - 8 * size);
}

// To the end of the dword: what one cycle can carry.
constexpr unsigned bytes_left(std::uint16_t port) {
  return 4 - (port & 3u);
}

}  // namespace

void IoBus::place(std::uint16_t first, std::uint16_t count, Width width, PortDevice& device) {
  const Placement placement{first, first + std::uint32_t{count}, static_cast<unsigned>(width), &device};
  const auto at = std::upper_bound(placements_.begin(), placements_.end(), placement,
                                   [](const Placement& a, const Placement& b) { return a.first < b.first; });
  const bool clear_below = at == placements_.begin() || (at - 1)->end <= placement.first;
  const bool clear_above = at == placements_.end() || placement.end <= at->first;
  LOWMEG_INVARIANT(clear_below && clear_above, "the ports of two devices do not overlap");
  LOWMEG_INVARIANT(width != Width::kDword || (first | count) % 4 == 0, "a dword device has whole dwords");
  placements_.insert(at, placement);
}

void IoBus::place_movable(std::uint16_t count, Width width, MovablePorts& device) {
  movables_.push_back({count, static_cast<unsigned>(width), &device});
}

std::uint32_t IoBus::read(std::uint16_t port, unsigned size) {
  const unsigned first = std::min(size, bytes_left(port));
  const std::uint32_t value = read_cycle(port, first);
  const std::uint32_t next = std::uint32_t{port} + first;
  if (first == size) return value;
  const unsigned rest = size - first;
  const std::uint32_t above =
      next <= kLastPort ? read_cycle(static_cast<std::uint16_t>(next), rest) : mask_of(rest);
  return value | above << (8 * first);
}

void IoBus::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  const unsigned first = std::min(size, bytes_left(port));
  write_cycle(port, first, value & mask_of(first));
  const std::uint32_t next = std::uint32_t{port} + first;
  if (first < size && next <= kLastPort)
    write_cycle(static_cast<std::uint16_t>(next), size - first, value >> (8 * first));
}

std::uint32_t IoBus::read_cycle(std::uint16_t port, unsigned size) {
  if (PortDevice* const whole = find_whole(port, size)) return whole->read(port, size) & mask_of(size);
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) {
    PortDevice* const device = find(port + i).device;
    const std::uint32_t byte = device ? device->read(static_cast<std::uint16_t>(port + i), 1) : 0xff;
    value |= (byte & 0xff) << (8 * i);
  }
  return value;
}

void IoBus::write_cycle(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (PortDevice* const whole = find_whole(port, size)) return whole->write(port, size, value);
  for (unsigned i = 0; i < size; ++i) {
    PortDevice* const device = find(port + i).device;
    if (device) device->write(static_cast<std::uint16_t>(port + i), 1, (value >> (8 * i)) & 0xff);
  }
}

IoBus::Owner IoBus::find(std::uint32_t port) const {
  const auto after =
      std::upper_bound(placements_.begin(), placements_.end(), port,
                       [](std::uint32_t value, const Placement& p) { return value < p.first; });
  if (after != placements_.begin() && port < (after - 1)->end)
    return {(after - 1)->device, (after - 1)->width};
  for (const Movable& movable : movables_) {
    const std::optional<std::uint16_t> base = movable.device->base();
    if (base && port >= *base && port < std::uint32_t{*base} + movable.count)
      return {movable.device, movable.width};
  }
  return {};
}

// The device that takes the cycle in one piece: wide enough, and the owner of every byte of it.
PortDevice* IoBus::find_whole(std::uint32_t port, unsigned size) const {
  const Owner owner = find(port);
  if (!owner.device || size > owner.width) return nullptr;
  for (unsigned i = 1; i < size; ++i) {
    if (find(port + i).device != owner.device) return nullptr;
  }
  return owner.device;
}

}  // namespace vmm
