#include "lowmeg/core/gpa.hpp"

#include <gtest/gtest.h>

namespace lowmeg {
namespace {

TEST(GpaRange, IsHalfOpen) {
  constexpr GpaRange kRange(0xc0000, 0xc4000);
  EXPECT_EQ(kRange.size(), 0x4000u);
  EXPECT_TRUE(kRange.contains(0xc0000));
  EXPECT_TRUE(kRange.contains(0xc3fff));
  EXPECT_FALSE(kRange.contains(0xc4000));
  EXPECT_FALSE(kRange.contains(0xbffff));
}

TEST(GpaRange, OverlapNeedsACommonByte) {
  struct Row {
    GpaRange a, b;
    bool overlaps, contains;
  };
  const Row rows[] = {
      {{0x1000, 0x3000}, {0x3000, 0x4000}, false, false}, {{0x1000, 0x3000}, {0x2000, 0x4000}, true, false},
      {{0x1000, 0x4000}, {0x2000, 0x3000}, true, true},   {{0x1000, 0x4000}, {0x1000, 0x4000}, true, true},
      {{0x2000, 0x3000}, {0x1000, 0x4000}, true, false},  {{0x1000, 0x2000}, {0x0000, 0x1000}, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.a.overlaps(row.b), row.overlaps) << row.a.start() << " " << row.b.start();
    EXPECT_EQ(row.a.contains(row.b), row.contains) << row.a.start() << " " << row.b.start();
  }
}

TEST(GpaRange, RefusesWhatIsNoRange) {
  struct Row {
    Gpa start;
    std::uint64_t size;
    const char* error;
  };
  const Row rows[] = {
      {0x1000, 0x1000, nullptr},
      {0x1000, 0, nullptr},
      {0x1001, 0x1000, "range 0x1001+0x1000 is not page-aligned"},
      {0x1000, 0x0fff, "range 0x1000+0xfff is not page-aligned"},
      {0xfffffffffffff000, 0x2000, "range 0xfffffffffffff000+0x2000 wraps around"},
      {0x1000, 0xfffffffffffff000, "range 0x1000+0xfffffffffffff000 wraps around"},
  };
  for (const Row& row : rows) {
    const Result<GpaRange> range = GpaRange::make(row.start, row.size);
    ASSERT_EQ(range.has_value(), row.error == nullptr) << row.start;
    if (row.error != nullptr) {
      EXPECT_EQ(range.error().message(), row.error);
    }
  }
}

TEST(GpaRangeDeathTest, AbortsOnAMistakeOfTheProgram) {
  EXPECT_DEATH(GpaRange(0x2000, 0x1000), "broken invariant");
  EXPECT_DEATH(GpaRange(0x1001, 0x2000), "broken invariant");
}

}  // namespace
}  // namespace lowmeg
