#include "vmm/board/io_bus.hpp"

#include <algorithm>

#include "lowmeg/core/invariant.hpp"

namespace vmm {

void IoBus::place(std::uint16_t first, std::uint16_t count, Width width, PortDevice& device) {
  const Placement placement{first, first + std::uint32_t{count}, static_cast<unsigned>(width), &device};
  const auto at = std::upper_bound(placements_.begin(), placements_.end(), placement,
                                   [](const Placement& a, const Placement& b) { return a.first < b.first; });
  const bool clear_below = at == placements_.begin() || (at - 1)->end <= placement.first;
  const bool clear_above = at == placements_.end() || placement.end <= at->first;
  LOWMEG_INVARIANT(clear_below && clear_above, "the ports of two devices do not overlap");
  placements_.insert(at, placement);
}

std::uint32_t IoBus::read(std::uint16_t port, unsigned size) {
  if (const Placement* whole = find_whole(port, size)) return whole->device->read(port, size);
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const Placement* placement = find(port + i);
    const std::uint32_t byte = placement ? placement->device->read(static_cast<std::uint16_t>(port + i), 1) : 0xff;
    value |= (byte & 0xff) << (8 * i);
  }
  return value;
}

void IoBus::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (const Placement* whole = find_whole(port, size)) return whole->device->write(port, size, value);
  for (unsigned i = 0; i < size; ++i) {
    const Placement* placement = find(port + i);
    if (placement) placement->device->write(static_cast<std::uint16_t>(port + i), 1, (value >> (8 * i)) & 0xff);
  }
}

const IoBus::Placement* IoBus::find(std::uint32_t port) const {
  const auto after = std::upper_bound(placements_.begin(), placements_.end(), port,
                                      [](std::uint32_t value, const Placement& p) { return value < p.first; });
  if (after == placements_.begin() || port >= (after - 1)->end) return nullptr;
  return &*(after - 1);
}

const IoBus::Placement* IoBus::find_whole(std::uint32_t port, unsigned size) const {
  const Placement* placement = find(port);
  return placement && size <= placement->width && port + size <= placement->end ? placement : nullptr;
}

}  // namespace vmm
