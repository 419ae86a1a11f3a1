#include "lowmeg/hyperv/get_backed_adjuster.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::GetRig;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr GpaRange kSystemBios{0xe0000, 0xe4000};  // slot 9
constexpr GpaRange kVgaBios{0xc0000, 0xc4000};     // slot 1
constexpr GpaRange kVga{0xa0000, 0xc0000};

struct AdjusterTest : testing::Test {
  Result<void> adjust(GpaRange range, GpaState now, Apply apply = Apply::kDelta) {
    const GpaStateChange change{range, GpaState::kMmio, now, apply};
    return adjuster.adjust({&change, 1});
  }
  GetRig rig;
  GetBackedAdjuster adjuster{*rig.client, 0, GetRig::kRomBiosOffset, rig.events};
};

// "If the override wanted equals the one in place: no call to the host. This is what makes a restore silent."
TEST_F(AdjusterTest, SkipsWhatIsInPlaceEvenWhenForced) {
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio, Apply::kForced));
  ASSERT_THAT(rig.take_sent(), ElementsAre(StartsWith("01 02 1c 00 09 00 00 00")));
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio, Apply::kForced));
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kWriteProtected));
  rig.take_sent();
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kMmio));  // another state, the same override
  EXPECT_THAT(rig.take_sent(), IsEmpty());
}

// "A handle is the slot number"; saved: base_slot, and for each of the 13 its handle, range, offset and flag.
TEST_F(AdjusterTest, KeepsWhatIsSaved) {
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio));
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kWritable));
  AdjusterState expected;
  expected.handles[1] = Handle{1, {kVgaBios, 0x3fc0000, Access::kReadWrite}};
  expected.handles[9] = Handle{9, {kSystemBios, 0x3fe0000, Access::kReadOnly}};
  EXPECT_EQ(adjuster.state(), expected);
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kWritable));
  expected.handles[9].reset();
  EXPECT_EQ(adjuster.state(), expected);
}

// "If create fails: a warning with the index and the override asked for, and the segment counts as having no
// override, so that the next change tries again. The guest never sees an error." Beyond the source: a reset
// comes before the create, as the slot may be taken.
TEST_F(AdjusterTest, OnlyWarnsOfARefusedCreateAndTriesAgainAfterAReset) {
  rig.mapper.refuse_next = 1;
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio));
  EXPECT_EQ(adjuster.state().handles[9], std::nullopt);
  EXPECT_THAT(rig.events.text(), HasSubstr("range 9 (e0000-e3fff from 3fe0000, read-only): status 5 FAILED"));
  rig.take_sent();
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio, Apply::kForced));
  EXPECT_THAT(rig.take_sent(), ElementsAre(StartsWith("01 02 1d 00 09"), StartsWith("01 02 1c 00 09")));
  EXPECT_TRUE(adjuster.state().handles[9].has_value());
}

// As above, when the reset before it went well: the reset is not undone.
TEST_F(AdjusterTest, HasNoOverrideWhenTheCreateAfterAResetIsRefused) {
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio));
  ASSERT_EQ(rig.host->slots().slot(9).has_value(), true);
  const get::RangeRequest taken = get::CreateRamGpaRange{20, 0xe4000, 0x1000, 0, 0};  // overlaps nothing yet
  get::CreateStatus status{};
  rig.host->apply({&taken, 1}, {&status, 1});
  ASSERT_EQ(status, get::CreateStatus::kSuccess);
  ASSERT_TRUE(adjust({0xe4000, 0xe8000}, GpaState::kMmio));  // slot 10, refused: INVALID_GPA
  EXPECT_EQ(adjuster.state().handles[10], std::nullopt);
  EXPECT_THAT(rig.events.text(), HasSubstr("status 4 INVALID_GPA"));

  const get::RangeRequest in_the_way = get::CreateRamGpaRange{21, 0xc1000, 0x1000, 0, 0};
  rig.host->apply({&in_the_way, 1}, {&status, 1});
  rig.take_sent();
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kMmio));
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kWritable));
  EXPECT_THAT(rig.take_sent(), ElementsAre(StartsWith("01 02 1c 00 01"), StartsWith("01 02 1d 00 09")));
  EXPECT_EQ(adjuster.state(), AdjusterState{});
}

// A slot that is taken although nobody here knows of it: a reset that was lost, or that the host could not
// carry out. The source would ask for a create alone for ever.
TEST_F(AdjusterTest, GetsOutOfASlotThatIsTaken) {
  const get::RangeRequest stale = get::CreateRamGpaRange{9, 0xe0000, 0x1000, 0, 0};
  get::CreateStatus status{};
  rig.host->apply({&stale, 1}, {&status, 1});
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kWriteProtected));
  EXPECT_THAT(rig.events.text(), HasSubstr("status 2 SLOT_OCCUPIED"));
  EXPECT_EQ(adjuster.state().handles[9], (Handle{9, {kSystemBios, 0xe0000, Access::kReadOnly}}));
  EXPECT_EQ(rig.host->slots().slot(9)->range, kSystemBios);
}

// "WriteOnly (10): a warning, then as Writable, in every kind."
TEST_F(AdjusterTest, WarnsOfWriteOnlyAndMakesItWritable) {
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kWriteOnly));
  EXPECT_EQ(rig.events.count(Severity::kWarning), 1u);
  EXPECT_THAT(rig.events.text(), HasSubstr("write-only"));
  rig.take_sent();
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kWritable));
  EXPECT_THAT(rig.take_sent(), IsEmpty());
  EXPECT_EQ(rig.events.events.size(), 1u);
}

// A guest can bring these about as often as it likes: told at a limited rate, on one line each.
TEST_F(AdjusterTest, TellsEventsOnOneLineAtALimitedRate) {
  rig.mapper.refuse_next = 1'000'000;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(adjust(kVgaBios, GpaState::kWriteOnly));
    ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio));
  }
  std::size_t from_here = 0;
  for (const Event& event : rig.events.events) {
    from_here += event.room == "hyperv" ? 1 : 0;
    EXPECT_THAT(event.text, Not(HasSubstr("\n")));
    EXPECT_THAT(event.text, Not(IsEmpty()));
  }
  EXPECT_EQ(from_here, 2u * 8 + 2 + 3) << "8 of each kind; of 50 also the 16th and 32nd, of 100 the 64th";
}

// "A0000-BFFFF with state Mmio: nothing to do; any other state there, or a range not in the table, is a
// programming error."
TEST_F(AdjusterTest, IgnoresTheVgaRange) {
  ASSERT_TRUE(adjust(kVga, GpaState::kMmio, Apply::kForced));
  EXPECT_THAT(rig.take_sent(), IsEmpty());
  EXPECT_EQ(adjuster.state(), AdjusterState{});
}
using AdjusterDeathTest = AdjusterTest;
TEST_F(AdjusterDeathTest, AbortsOnARangeOrAStateThatNoBridgeSends) {
  EXPECT_DEATH((void)adjust(kVga, GpaState::kWritable), "broken invariant: A0000-BFFFF");
  EXPECT_DEATH((void)adjust({0xf0000, 0xfe000}, GpaState::kMmio), "broken invariant: a range of the table");
  EXPECT_DEATH((void)adjust({0xa0000, 0xb0000}, GpaState::kMmio), "broken invariant: a range of the table");
}

// A lost connection is an error. What the host answered before it counts; what it did not answer stays as it
// was.
TEST_F(AdjusterTest, HandsALostConnectionUp) {
  ASSERT_TRUE(adjust(kSystemBios, GpaState::kMmio));
  ASSERT_TRUE(adjust(kVgaBios, GpaState::kMmio));
  AdjusterState expected = adjuster.state();
  rig.wire.cut_after = 1;  // the reset is answered, the create is not
  const Result<void> lost = adjust(kSystemBios, GpaState::kWriteProtected);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error(), (Error{Errc::kClosed, "the GET host is gone", 0}));
  expected.handles[9].reset();
  EXPECT_EQ(adjuster.state(), expected);
  EXPECT_FALSE(adjust(kVgaBios, GpaState::kWritable));
  EXPECT_EQ(adjuster.state(), expected);
}

}  // namespace
}  // namespace lowmeg::hyperv
