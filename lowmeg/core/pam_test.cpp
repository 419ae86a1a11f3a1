#include "lowmeg/core/pam.hpp"

#include <gtest/gtest.h>

namespace lowmeg {
namespace {

// The data sheet's table of PAM[6:0]: each segment, its register and the bit of the quadword 58h-5Fh where RE
// lies.
struct Field {
  Gpa start, end;
  const char* name;
  unsigned bit;
};
constexpr Field kFields[13] = {
    {0xf0000, 0x100000, "PAM0 5:4", 12}, {0xc0000, 0xc4000, "PAM1 1:0", 16},
    {0xc4000, 0xc8000, "PAM1 5:4", 20},  {0xc8000, 0xcc000, "PAM2 1:0", 24},
    {0xcc000, 0xd0000, "PAM2 5:4", 28},  {0xd0000, 0xd4000, "PAM3 1:0", 32},
    {0xd4000, 0xd8000, "PAM3 5:4", 36},  {0xd8000, 0xdc000, "PAM4 1:0", 40},
    {0xdc000, 0xe0000, "PAM4 5:4", 44},  {0xe0000, 0xe4000, "PAM5 1:0", 48},
    {0xe4000, 0xe8000, "PAM5 5:4", 52},  {0xe8000, 0xec000, "PAM6 1:0", 56},
    {0xec000, 0xf0000, "PAM6 5:4", 60},
};
// WE RE = 00, 01, 10, 11.
constexpr GpaState kStates[4] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                 GpaState::kWritable};

PamStates decode(std::uint64_t quadword) {
  return decode_pam({static_cast<std::uint32_t>(quadword), static_cast<std::uint32_t>(quadword >> 32)});
}

TEST(Pam, HasTheSegmentsInRegisterOrder) {
  for (std::size_t i = 0; i < 13; ++i) {
    EXPECT_EQ(kPamSegments[i], GpaRange(kFields[i].start, kFields[i].end)) << kFields[i].name;
  }
}

// Each field in each state with all others 00, and again with all other bits set: it depends on its two bits
// alone.
TEST(Pam, DecodesEachFieldAlone) {
  for (std::size_t i = 0; i < 13; ++i) {
    for (std::uint64_t bits = 0; bits < 4; ++bits) {
      SCOPED_TRACE(testing::Message() << kFields[i].name << " = " << bits);
      PamStates alone{}, among_ones;
      among_ones.fill(GpaState::kWritable);
      alone[i] = among_ones[i] = kStates[bits];
      EXPECT_EQ(decode(bits << kFields[i].bit), alone);
      EXPECT_EQ(decode(~(3ull << kFields[i].bit) | bits << kFields[i].bit), among_ones);
    }
  }
}

// "We never look at the first two bits of these fields", nor at DRAMT and PAM0 3:0.
TEST(Pam, IgnoresReservedBits) {
  EXPECT_EQ(decode(0xcccccccccccccfff), PamStates{});
}

TEST(PamChanges, AreThoseThatDifferOrAll) {
  PamStates before{}, now{};
  before[3] = now[3] = GpaState::kWriteProtected;
  now[0] = GpaState::kWritable;
  before[12] = GpaState::kWriteOnly;
  std::array<GpaStateChange, kPamSegmentCount> changes;

  ASSERT_EQ(pam_changes(before, now, Apply::kDelta, changes), 2u);
  EXPECT_EQ(changes[0],
            (GpaStateChange{{0xf0000, 0x100000}, GpaState::kMmio, GpaState::kWritable, Apply::kDelta}));
  EXPECT_EQ(changes[1],
            (GpaStateChange{{0xec000, 0xf0000}, GpaState::kWriteOnly, GpaState::kMmio, Apply::kDelta}));
  EXPECT_EQ(pam_changes(now, now, Apply::kDelta, changes), 0u);

  ASSERT_EQ(pam_changes(before, now, Apply::kForced, changes), 13u);
  for (std::size_t i = 0; i < 13; ++i) {
    EXPECT_EQ(changes[i], (GpaStateChange{kPamSegments[i], before[i], now[i], Apply::kForced})) << i;
  }
}

}  // namespace
}  // namespace lowmeg
