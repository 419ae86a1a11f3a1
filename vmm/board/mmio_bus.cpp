#include "vmm/board/mmio_bus.hpp"

#include "lowmeg/core/invariant.hpp"

namespace vmm {
namespace {

// How much of [gpa, gpa + size) lies within a range.
enum class Part { kNone, kSome, kAll };

Part part_of(const AddressRange& range, lowmeg::Gpa gpa, unsigned size) {
  const bool first = range.contains(gpa), last = range.contains(gpa + size - 1);
  if (first && last) return Part::kAll;
  const bool within = range.start > gpa && range.start - gpa < size && range.size != 0;
  return first || last || within ? Part::kSome : Part::kNone;
}

}  // namespace

void MmioBus::place(lowmeg::GpaRange range, MmioDevice& device) {
  for (const Placement& placement : placements_) {
    const bool apart =
        range.end() <= placement.range.start || placement.range.start + placement.range.size <= range.start();
    LOWMEG_INVARIANT(apart, "the memory of two devices does not overlap");
  }
  placements_.push_back({{range.start(), range.size()}, &device});
}

std::uint32_t MmioBus::read(lowmeg::Gpa gpa, unsigned size) {
  if (const auto found = find(gpa, size))
    return found->device->read(static_cast<std::uint32_t>(gpa - found->range.start), size);
  if (size == 1) return 0xff;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= read(gpa + i, 1) << (8 * i);
  return value;
}

void MmioBus::write(lowmeg::Gpa gpa, unsigned size, std::uint32_t value) {
  if (const auto found = find(gpa, size))
    return found->device->write(static_cast<std::uint32_t>(gpa - found->range.start), size, value);
  if (size == 1) return;
  for (unsigned i = 0; i < size; ++i) write(gpa + i, 1, (value >> (8 * i)) & 0xff);
}

std::optional<MmioBus::Placement> MmioBus::find(lowmeg::Gpa gpa, unsigned size) const {
  for (MovableMmio* const movable : movables_) {
    const std::optional<AddressRange> range = movable->place();
    if (!range) continue;
    const Part part = part_of(*range, gpa, size);
    if (part == Part::kAll) return Placement{*range, movable};
    if (part == Part::kSome) return std::nullopt;
  }
  for (const Placement& placement : placements_) {
    if (part_of(placement.range, gpa, size) == Part::kAll) return placement;
  }
  return std::nullopt;
}

}  // namespace vmm
