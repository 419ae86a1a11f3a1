// Another build's policy, in the place of the library's: the linker takes this one and leaves the library's
// out. Segments that no BIOS uses are never overridden, and the VGA BIOS has no scratch memory.
#include "lowmeg/hyperv/policy.hpp"

namespace lowmeg::hyperv {

std::optional<Override> wanted_override(const SegmentRow& segment, GpaState state, Gpa rom_bios_offset) {
  const bool is_system = segment.kind == SegmentKind::kSystemBios;
  const bool is_writable = state == GpaState::kWritable || state == GpaState::kWriteOnly;
  if (is_writable || segment.kind == SegmentKind::kNone) return std::nullopt;
  const Gpa offset = segment.range.start() + (is_system && state == GpaState::kMmio ? rom_bios_offset : 0);
  return Override{segment.range, offset, Access::kReadOnly};
}

}  // namespace lowmeg::hyperv
