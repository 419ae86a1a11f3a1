#include "vmm/chipset/first_megabyte.hpp"

#include <algorithm>

namespace vmm {
namespace {

using lowmeg::GpaRange;
using lowmeg::kPamSegments;

constexpr GpaRange kFirstMegabyte{0, 0x100000};

// The first address above `gpa` at which a PAM segment begins or ends.
lowmeg::Gpa next_segment_boundary(lowmeg::Gpa gpa) {
  lowmeg::Gpa boundary = kFirstMegabyte.end();
  for (const GpaRange& segment : kPamSegments) {
    for (const lowmeg::Gpa edge : {segment.start(), segment.end()}) {
      if (edge > gpa) boundary = std::min(boundary, edge);
    }
  }
  return boundary;
}

std::optional<lowmeg::GpaState> state_at(lowmeg::Gpa gpa, const lowmeg::PamStates& states) {
  for (std::size_t i = 0; i < kPamSegments.size(); ++i) {
    if (kPamSegments[i].contains(gpa)) return states[i];
  }
  return std::nullopt;
}

}  // namespace

std::vector<MegabyteRow> first_megabyte(const lowmeg::memory::Layout& layout, const lowmeg::PamStates& states,
                                        const lowmeg::get::RangeSlots* slots) {
  std::vector<MegabyteRow> rows;
  for (const lowmeg::memory::Region& region : layout.regions()) {
    const lowmeg::Gpa end = std::min(region.range.end(), kFirstMegabyte.end());
    for (lowmeg::Gpa gpa = region.range.start(); gpa < end;) {
      const lowmeg::Gpa next = std::min(end, next_segment_boundary(gpa));
      rows.push_back({GpaRange(gpa, next), state_at(gpa, states), region.at(gpa),
                      slots ? slots->slot_at(gpa) : std::nullopt});
      gpa = next;
    }
  }
  return rows;
}

}  // namespace vmm
