// What Hyper-V shows in a segment of a given kind and state: an override of RAM by other RAM, or none.
//
// Source: GetBackedAdjustGpaRange::adjust of OpenHCL. It is not what the chip does but the subset that
// Hyper-V's PCAT and SVGA BIOSes are known to work with, warts included: WriteOnly is taken as Writable, and
// the VGA BIOS TSR's segment is read-only in state WriteProtected although its BIOS wants it writable.
#pragma once

#include <cstdint>
#include <optional>

#include "lowmeg/core/gpa_state.hpp"
#include "lowmeg/hyperv/range_table.hpp"

namespace lowmeg::hyperv {

enum class Access { kReadOnly, kReadWrite };

/// RAM at `range` is replaced by RAM from GPA `gpa_offset`.
struct Override {
  GpaRange range;
  Gpa gpa_offset = 0;
  Access access = Access::kReadOnly;

  friend bool operator==(const Override&, const Override&) = default;
};

/// The override for a segment. `rom_bios_offset` is where the ROM images' first mebibyte lies: the end of the
/// first RAM block less 1 MiB. The source's warning on WriteOnly is the caller's to give.
std::optional<Override> wanted_override(const SegmentRow& segment, GpaState state, Gpa rom_bios_offset);

}  // namespace lowmeg::hyperv
