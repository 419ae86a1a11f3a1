#include <gmock/gmock.h>

#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::GetRig;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr GpaRange kSystemBios{0xe0000, 0xe4000};  // slot 9

struct AdjusterRestoreTest : testing::Test {
  Result<void> adjust(GpaState now) {
    const GpaStateChange change{kSystemBios, GpaState::kMmio, now, Apply::kForced};
    return adjuster.adjust({&change, 1});
  }
  static AdjusterState saved(std::uint32_t base_slot) {
    AdjusterState state{.base_slot = base_slot, .handles = {}};
    state.handles[9] = Handle{base_slot + 9, {kSystemBios, 0xe0000, Access::kReadOnly}};
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

// "All slots reset, then a forced apply."
TEST_F(AdjusterRestoreTest, ForgetsEveryRange) {
  adjuster.restore(saved(3));
  ASSERT_TRUE(adjuster.forget_ranges());
  EXPECT_EQ(adjuster.state(), (AdjusterState{.base_slot = 3, .handles = {}}));
  std::vector<std::string> resets;
  for (unsigned slot = 3; slot < 16; ++slot)
    resets.push_back(fmt::format("01 02 1d 00 {:02x} 00 00 00", slot));
  EXPECT_EQ(requests(), resets);
  ASSERT_TRUE(adjust(GpaState::kWriteProtected));
  EXPECT_EQ(adjuster.state(), saved(3));
  EXPECT_TRUE(rig.host->slots().slot(12).has_value());
}

TEST_F(AdjusterRestoreTest, KeepsWhatTheHostDidNotAnswerFor) {
  AdjusterState two = saved(0);
  two.handles[0] = Handle{0, {{0xf0000, 0x100000}, 0x3ff0000, Access::kReadOnly}};
  adjuster.restore(two);
  rig.wire.cut_after = 0;
  EXPECT_EQ(adjuster.forget_ranges().error().code, Errc::kClosed);
  EXPECT_EQ(adjuster.state(), two);
}

TEST_F(AdjusterRestoreTest, AbortsOnAHandleThatIsNotItsSlot) {
  AdjusterState wrong = saved(0);
  wrong.base_slot = 1;
  EXPECT_DEATH(adjuster.restore(wrong), "broken invariant: a handle is its slot");
}

}  // namespace
}  // namespace lowmeg::hyperv
