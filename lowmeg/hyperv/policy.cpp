#include "lowmeg/hyperv/policy.hpp"

namespace lowmeg::hyperv {
namespace {

enum class Shows {
  kNoOverride,        // the RAM range that covers everything, read-write
  kItselfReadOnly,    // the same RAM, read-only
  kImageReadOnly,     // the ROM image in high RAM
  kScratchReadWrite,  // high RAM, so that POST does not overwrite the image in low RAM
};

// Rows by SegmentKind, columns Mmio, WriteProtected, Writable.
constexpr Shows kPolicy[4][3] = {
    /* none       */ {Shows::kItselfReadOnly, Shows::kItselfReadOnly, Shows::kNoOverride},
    /* system     */ {Shows::kImageReadOnly, Shows::kItselfReadOnly, Shows::kNoOverride},
    /* VGA        */ {Shows::kItselfReadOnly, Shows::kItselfReadOnly, Shows::kScratchReadWrite},
    /* VGA's TSR  */ {Shows::kNoOverride, Shows::kItselfReadOnly, Shows::kScratchReadWrite},
};

constexpr std::size_t column(GpaState state) {
  switch (state) {
    case GpaState::kMmio:
      return 0;
    case GpaState::kWriteProtected:
      return 1;
    case GpaState::kWriteOnly:  // not supported by the source: taken as Writable
    case GpaState::kWritable:
      break;
  }
  return 2;
}

}  // namespace

std::optional<Override> wanted_override(const SegmentRow& segment, GpaState state, Gpa rom_bios_offset) {
  const GpaRange range = segment.range;
  switch (kPolicy[static_cast<std::size_t>(segment.kind)][column(state)]) {
    case Shows::kNoOverride:
      return std::nullopt;
    case Shows::kItselfReadOnly: {
      // Only state WriteProtected leaves the end writable, and only a system BIOS segment has such an end.
      const std::uint64_t left = state == GpaState::kWriteProtected ? segment.left_writable : 0;
      return Override{GpaRange(range.start(), range.end() - left), range.start(), Access::kReadOnly};
    }
    case Shows::kImageReadOnly:
      return Override{range, range.start() + rom_bios_offset, Access::kReadOnly};
    case Shows::kScratchReadWrite:
      return Override{range, range.start() + rom_bios_offset, Access::kReadWrite};
  }
  return std::nullopt;
}

}  // namespace lowmeg::hyperv
