#include <gmock/gmock.h>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "tests/fakes/recording_adjuster.hpp"

namespace lowmeg::bridge {
namespace {

using testing::ElementsAre;

constexpr HypervBridgeState kSaved{
    .registers = {1, 2, 0x11133003, 0x33333331, 5, 6, 0x3812},
    .header = {.command = 0x0107, .latency_timer = 8, .interrupt_line = 9},
};

struct HypervBridgeRestoreTest : testing::Test {
  NullEventSink events;
  fakes::RecordingAdjuster adjuster;
  HypervBridge bridge{kHyperv, adjuster, events};
};

// "Restore: registers, all 13 forced, then the config header"; and A0000-BFFFF is not told.
TEST_F(HypervBridgeRestoreTest, TellsOfAll13InOneCall) {
  ASSERT_TRUE(bridge.restore(kSaved));
  EXPECT_EQ(bridge.state(), kSaved);
  std::vector<GpaStateChange> expected;
  expected.reserve(kPamSegmentCount);
  const PamStates now = decode_pam({kSaved.registers.pam_reg1, kSaved.registers.pam_reg2});
  for (std::size_t i = 0; i < kPamSegmentCount; ++i)
    expected.push_back({kPamSegments[i], GpaState::kMmio, now[i], Apply::kForced});
  EXPECT_THAT(adjuster.calls, ElementsAre(expected));
}

TEST_F(HypervBridgeRestoreTest, KeepsTheLock) {
  ASSERT_TRUE(bridge.restore(kSaved));
  ASSERT_TRUE(bridge.write(0x70, 0x00280000, ByteEnables::all()));
  EXPECT_EQ(bridge.registers().smm_config_word, 0x3812);
}

TEST_F(HypervBridgeRestoreTest, LeavesTheBridgeAsItWasWhenTheAdjusterFails) {
  ASSERT_TRUE(bridge.power_on());
  ASSERT_TRUE(bridge.write(0x5c, 0x00000033, ByteEnables::all()));
  ASSERT_TRUE(bridge.write(0x04, 0x00000002, ByteEnables::all()));
  const HypervBridgeState before = bridge.state();
  adjuster.failing = true;
  EXPECT_EQ(bridge.restore(kSaved).error(), (Error{Errc::kClosed, "the host is gone", 0}));
  EXPECT_EQ(bridge.state(), before);
}

TEST_F(HypervBridgeRestoreTest, AbortsOnAStateThatNoBridgeCanHold) {
  HypervBridgeState open = kSaved;
  open.registers.smm_config_word = 0x3842;
  EXPECT_DEATH((void)bridge.restore(open), "broken invariant: a possible SMRAM word");
  HypervBridgeState command = kSaved;
  command.header.command = 0x0080;
  EXPECT_DEATH((void)bridge.restore(command), "broken invariant: a possible command register");
}

}  // namespace
}  // namespace lowmeg::bridge
