// The 13 segments as Hyper-V's BIOSes use them. The index is the slot, less the base slot.
//
// Source: BIOS_MEMORY_RANGE_BOUNDS of OpenHCL's i440bx_host_pci_bridge.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::hyperv {

enum class SegmentKind {
  kNone,
  kSystemBios,
  kVgaBios,
  kVgaBiosTsr,  ///< C8000-CBFFF: was a DOS resident program, not written to live in ROM
};

struct SegmentRow {
  GpaRange range;
  SegmentKind kind = SegmentKind::kNone;
  std::uint64_t left_writable = 0;  ///< bytes at the end that state WriteProtected leaves read-write
};

inline constexpr std::size_t kSegmentCount = 13;
inline constexpr std::array<SegmentRow, kSegmentCount> kSegments{{
    {{0xf0000, 0x100000}, SegmentKind::kSystemBios, 0x2000},  // the top 8 KiB are RAM, not ROM
    {{0xc0000, 0xc4000}, SegmentKind::kVgaBios, 0},
    {{0xc4000, 0xc8000}, SegmentKind::kVgaBios, 0},
    {{0xc8000, 0xcc000}, SegmentKind::kVgaBiosTsr, 0},
    {{0xcc000, 0xd0000}, SegmentKind::kNone, 0},
    {{0xd0000, 0xd4000}, SegmentKind::kNone, 0},
    {{0xd4000, 0xd8000}, SegmentKind::kNone, 0},
    {{0xd8000, 0xdc000}, SegmentKind::kNone, 0},
    {{0xdc000, 0xe0000}, SegmentKind::kNone, 0},
    {{0xe0000, 0xe4000}, SegmentKind::kSystemBios, 0},
    {{0xe4000, 0xe8000}, SegmentKind::kSystemBios, 0},
    {{0xe8000, 0xec000}, SegmentKind::kSystemBios, 0},
    {{0xec000, 0xf0000}, SegmentKind::kSystemBios, 0},
}};

/// The row whose range is just this one.
constexpr std::optional<std::size_t> segment_index(const GpaRange& range) {
  for (std::size_t i = 0; i < kSegmentCount; ++i) {
    if (kSegments[i].range == range) return i;
  }
  return std::nullopt;
}

}  // namespace lowmeg::hyperv
