#include <gmock/gmock.h>

#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::GetRig;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr GpaRange kFirstSystemBios{0xe0000, 0xe4000};  // slot 9

struct AdjusterRestoreTest : testing::Test {
  explicit AdjusterRestoreTest(get::Batches batches = get::Batches::kNotOffered) : rig(batches) {}
  Result<void> adjust(GpaState now) {
    const GpaStateChange change{kFirstSystemBios, GpaState::kMmio, now, Apply::kForced};
    return adjuster.adjust({&change, 1});
  }
  static AdjusterState saved(std::uint32_t base_slot) {
    AdjusterState state{.base_slot = base_slot, .handles = {}};
    state.handles[9] = Handle{base_slot + 9, {kFirstSystemBios, 0xe0000, Access::kReadOnly}};
    return state;
  }
  // The requests sent; whether a batch of them was announced is the client's matter.
  std::vector<std::string> requests() {
    std::vector<std::string> sent = rig.take_sent();
    std::erase_if(sent, [](const std::string& message) { return !message.starts_with("01 02"); });
    return sent;
  }

  GetRig rig;
  SharedAdjuster adjuster{GetBackedAdjuster(*rig.client, 0, GetRig::kRomBiosOffset, rig.events)};
};

TEST_F(AdjusterRestoreTest, BelievesWhatItIsTold) {
  adjuster.restore(saved(3));
  EXPECT_EQ(adjuster.state(), saved(3));
  ASSERT_TRUE(adjust(GpaState::kWriteProtected));
  EXPECT_THAT(requests(), IsEmpty());
  ASSERT_TRUE(adjust(GpaState::kMmio));
  EXPECT_THAT(requests(), ElementsAre("01 02 1d 00 0c 00 00 00", StartsWith("01 02 1c 00 0c 00 00 00")));
}

// "Unsure means: do not skip; reset first, then create." What is believed stays until the host has answered.
TEST_F(AdjusterRestoreTest, ResetsAnUnsureSegmentFirst) {
  adjuster.restore(saved(3));
  adjuster.mark_all_unsure();
  EXPECT_EQ(adjuster.state(), saved(3));
  EXPECT_THAT(requests(), IsEmpty());
  ASSERT_TRUE(adjust(GpaState::kWriteProtected));  // what is in place already, by what is believed
  EXPECT_THAT(requests(), ElementsAre("01 02 1d 00 0c 00 00 00", StartsWith("01 02 1c 00 0c 00 00 00")));
  EXPECT_TRUE(rig.host->slots().slot(12).has_value());
  EXPECT_EQ(adjuster.state(), saved(3));
  ASSERT_TRUE(adjust(GpaState::kWriteProtected));
  EXPECT_THAT(requests(), IsEmpty()) << "sure again";
}

TEST_F(AdjusterRestoreTest, ResetsAnUnsureSegmentThatIsToShowNoOverride) {
  adjuster.mark_all_unsure();
  ASSERT_TRUE(adjust(GpaState::kWritable));
  EXPECT_THAT(requests(), ElementsAre("01 02 1d 00 09 00 00 00"));
  ASSERT_TRUE(adjust(GpaState::kWritable));
  EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(AdjusterRestoreTest, IsSureOfAStateThatIsRestored) {
  adjuster.mark_all_unsure();
  adjuster.restore(saved(0));
  ASSERT_TRUE(adjust(GpaState::kWriteProtected));
  EXPECT_THAT(requests(), IsEmpty());
}

// What the host has not answered keeps its handle, and is unsure.
TEST_F(AdjusterRestoreTest, KeepsWhatTheHostDidNotAnswerFor) {
  adjuster.restore(saved(0));
  adjuster.mark_all_unsure();
  rig.wire.cut_after = 0;
  EXPECT_EQ(adjust(GpaState::kMmio).error().code, Errc::kClosed);
  EXPECT_EQ(adjuster.state(), saved(0));
}

TEST_F(AdjusterRestoreTest, AbortsOnAHandleThatIsNotItsSlot) {
  AdjusterState wrong = saved(0);
  wrong.base_slot = 1;
  EXPECT_DEATH(adjuster.restore(wrong), "broken invariant: a handle is its slot");
}

std::array<GpaStateChange, kSegmentCount> all_segments(GpaState now) {
  std::array<GpaStateChange, kSegmentCount> changes;
  for (std::size_t i = 0; i < kSegmentCount; ++i) changes[i] = {kSegments[i].range, now, now, Apply::kForced};
  return changes;
}

struct BatchedRestoreTest : AdjusterRestoreTest {
  BatchedRestoreTest() : AdjusterRestoreTest(get::Batches::kOffered) {}
};

// All resets and creates of a forced apply are one batch and one commit: no vCPU sees the RAM below between.
TEST_F(BatchedRestoreTest, OfAHostWhoseRangesAreUnknownIsOneCommit) {
  ASSERT_TRUE(adjuster.adjust(all_segments(GpaState::kMmio)));
  rig.take_sent();
  const unsigned before = rig.mapper.commits;
  const AdjusterState wanted = adjuster.state();
  const get::RangeSlots held = rig.host->slots();
  adjuster.mark_all_unsure();
  ASSERT_TRUE(adjuster.adjust(all_segments(GpaState::kMmio)));
  EXPECT_EQ(requests().size(), 13u + 12u);
  EXPECT_EQ(rig.mapper.commits, before) << "an equal table is no change";
  ASSERT_TRUE(adjuster.adjust(all_segments(GpaState::kWritable)));
  adjuster.mark_all_unsure();
  ASSERT_TRUE(adjuster.adjust(all_segments(GpaState::kMmio)));
  EXPECT_EQ(rig.mapper.commits, before + 2);
  EXPECT_EQ(adjuster.state(), wanted);
  EXPECT_EQ(rig.host->slots(), held);
}

// A host with ranges of another base slot: none of them is in the way of a create, as all resets come first.
TEST_F(BatchedRestoreTest, RidsTheHostOfRangesInTheWrongSlots) {
  const get::RangeRequest wrong = get::CreateRamGpaRange{9, 0xf0000, 0x10000, 0, 0};
  get::CreateStatus status{};
  rig.host->apply({&wrong, 1}, {&status, 1});
  ASSERT_EQ(status, get::CreateStatus::kSuccess);
  adjuster.mark_all_unsure();
  ASSERT_TRUE(adjuster.adjust(all_segments(GpaState::kMmio)));
  EXPECT_EQ(rig.host->slots().slot_at(0xf0000), 0u);
  EXPECT_THAT(rig.events.events, IsEmpty());
}

}  // namespace
}  // namespace lowmeg::hyperv
