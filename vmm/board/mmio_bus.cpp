#include "vmm/board/mmio_bus.hpp"

#include "lowmeg/core/invariant.hpp"

namespace vmm {

void MmioBus::place(lowmeg::GpaRange range, MmioDevice& device) {
  for (const Placement& placement : placements_) {
    LOWMEG_INVARIANT(!placement.range.overlaps(range), "the memory of two devices does not overlap");
  }
  placements_.push_back({range, &device});
}

std::uint32_t MmioBus::read(lowmeg::Gpa gpa, unsigned size) {
  const std::optional<Placement> placement = find(gpa);
  if (placement && size <= placement->range.end() - gpa) {
    return placement->device->read(static_cast<std::uint32_t>(gpa - placement->range.start()), size);
  }
  if (size == 1) return 0xff;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= read(gpa + i, 1) << (8 * i);
  return value;
}

void MmioBus::write(lowmeg::Gpa gpa, unsigned size, std::uint32_t value) {
  const std::optional<Placement> placement = find(gpa);
  if (placement && size <= placement->range.end() - gpa) {
    return placement->device->write(static_cast<std::uint32_t>(gpa - placement->range.start()), size, value);
  }
  if (size == 1) return;
  for (unsigned i = 0; i < size; ++i) write(gpa + i, 1, (value >> (8 * i)) & 0xff);
}

std::optional<MmioBus::Placement> MmioBus::find(lowmeg::Gpa gpa) const {
  for (const Placement& placement : placements_) {
    if (placement.range.contains(gpa)) return placement;
  }
  for (MovableMmio* const movable : movables_) {
    const std::optional<lowmeg::GpaRange> range = movable->place();
    if (range && range->contains(gpa)) return Placement{*range, movable};
  }
  return std::nullopt;
}

}  // namespace vmm
