#include "lowmeg/hyperv/policy.hpp"

#include <gtest/gtest.h>

#include <string>

#include <fmt/format.h>

namespace lowmeg::hyperv {
namespace {

constexpr Gpa kOffset = 0x700000;

std::string show(const std::optional<Override>& shown) {
  if (!shown) return "none";
  return fmt::format("{:x}-{:x} {} {:x}", shown->range.start(), shown->range.end(),
                     shown->access == Access::kReadOnly ? "ro" : "rw", shown->gpa_offset);
}

// The table of what Hyper-V shows, by kind and by the states 00, 01, 10, 11.
TEST(Policy, ShowsWhatHyperVShows) {
  struct Row {
    SegmentKind kind;
    const char* mmio;
    const char* write_protected;
    const char* writable;
  };
  const Row rows[] = {
      {SegmentKind::kSystemBios, "d0000-d4000 ro 7d0000", "d0000-d4000 ro d0000", "none"},
      {SegmentKind::kVgaBios, "d0000-d4000 ro d0000", "d0000-d4000 ro d0000", "d0000-d4000 rw 7d0000"},
      {SegmentKind::kVgaBiosTsr, "none", "d0000-d4000 ro d0000", "d0000-d4000 rw 7d0000"},
      {SegmentKind::kNone, "d0000-d4000 ro d0000", "d0000-d4000 ro d0000", "none"},
  };
  for (const Row& row : rows) {
    const SegmentRow segment{{0xd0000, 0xd4000}, row.kind, 0};
    const auto shown = [&](GpaState state) { return show(wanted_override(segment, state, kOffset)); };
    SCOPED_TRACE(static_cast<int>(row.kind));
    EXPECT_EQ(shown(GpaState::kMmio), row.mmio);
    EXPECT_EQ(shown(GpaState::kWriteProtected), row.write_protected);
    EXPECT_EQ(shown(GpaState::kWriteOnly), row.writable);  // "then as Writable, in every kind"
    EXPECT_EQ(shown(GpaState::kWritable), row.writable);
  }
}

// "Map straight through read only, except for the top of system BIOS": in state WriteProtected and no other.
TEST(Policy, LeavesTheEndWritableOnlyUnderWriteProtection) {
  const SegmentRow segment{{0xf0000, 0x100000}, SegmentKind::kSystemBios, 0x2000};
  EXPECT_EQ(show(wanted_override(segment, GpaState::kWriteProtected, kOffset)), "f0000-fe000 ro f0000");
  EXPECT_EQ(show(wanted_override(segment, GpaState::kMmio, kOffset)), "f0000-100000 ro 7f0000");
  const SegmentRow none{{0xd0000, 0xd4000}, SegmentKind::kNone, 0x2000};
  EXPECT_EQ(show(wanted_override(none, GpaState::kWriteProtected, kOffset)), "d0000-d2000 ro d0000");
  EXPECT_EQ(show(wanted_override(none, GpaState::kMmio, kOffset)), "d0000-d4000 ro d0000");
}

// The table of ranges: index, segment, kind, left writable at its end.
TEST(RangeTable, IsTheSources) {
  struct Row {
    Gpa start, end;
    SegmentKind kind;
    std::uint64_t left_writable;
  };
  using enum SegmentKind;
  const Row rows[] = {
      {0xf0000, 0x100000, kSystemBios, 0x2000},
      {0xc0000, 0xc4000, kVgaBios, 0},
      {0xc4000, 0xc8000, kVgaBios, 0},
      {0xc8000, 0xcc000, kVgaBiosTsr, 0},
      {0xcc000, 0xd0000, kNone, 0},
      {0xd0000, 0xd4000, kNone, 0},
      {0xd4000, 0xd8000, kNone, 0},
      {0xd8000, 0xdc000, kNone, 0},
      {0xdc000, 0xe0000, kNone, 0},
      {0xe0000, 0xe4000, kSystemBios, 0},
      {0xe4000, 0xe8000, kSystemBios, 0},
      {0xe8000, 0xec000, kSystemBios, 0},
      {0xec000, 0xf0000, kSystemBios, 0},
  };
  ASSERT_EQ(kSegments.size(), std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(kSegments[i].range, GpaRange(rows[i].start, rows[i].end));
    EXPECT_EQ(kSegments[i].kind, rows[i].kind);
    EXPECT_EQ(kSegments[i].left_writable, rows[i].left_writable);
    EXPECT_EQ(segment_index(kSegments[i].range), i);
  }
  EXPECT_EQ(segment_index(GpaRange(0xf0000, 0xfe000)), std::nullopt);
  EXPECT_EQ(segment_index(GpaRange(0xa0000, 0xc0000)), std::nullopt);
}

}  // namespace
}  // namespace lowmeg::hyperv
