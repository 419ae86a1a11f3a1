#include "lowmeg/bridge/ranges_sink.hpp"

#include <gmock/gmock.h>

#include <random>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "tests/fakes/recording_adjuster.hpp"

namespace lowmeg::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr GpaStateChange kVgaForced{{0xa0000, 0xc0000}, GpaState::kMmio, GpaState::kMmio, Apply::kForced};

// A chip's registers that act as Hyper-V's, beside Hyper-V's own.
struct RangesSinkTest : testing::Test {
  std::vector<std::vector<GpaStateChange>> take_calls() { return std::exchange(adjuster.calls, {}); }
  void expect_the_same() {
    EXPECT_EQ(take_calls(), std::exchange(hyperv_adjuster.calls, {}));
    EXPECT_EQ(chip.pam_states(), hyperv.pam_states());
  }

  NullEventSink events;
  fakes::RecordingAdjuster adjuster, hyperv_adjuster;
  RangesSink ranges_sink{adjuster};
  ChipBridge chip{kI440bx, {}, ranges_sink, events};
  HypervBridge hyperv{kI440bx, hyperv_adjuster, events};
};

// "At power-on: A0000-BFFFF Mmio, then all 13 segments, forced"; not again at a reset.
TEST_F(RangesSinkTest, TellsOfTheVgaRangeAtPowerOnAlone) {
  ASSERT_TRUE(chip.power_on());
  ASSERT_THAT(adjuster.calls, SizeIs(2));
  EXPECT_THAT(adjuster.calls[0], ElementsAre(kVgaForced));
  EXPECT_THAT(adjuster.calls[1], SizeIs(13));
  ASSERT_TRUE(hyperv.power_on());
  expect_the_same();
  ASSERT_TRUE(chip.reset());
  ASSERT_TRUE(hyperv.reset());
  expect_the_same();
}

TEST_F(RangesSinkTest, TellsAsTheHypervBridgeDoes) {
  ASSERT_TRUE(chip.power_on());
  ASSERT_TRUE(hyperv.power_on());
  std::mt19937 random(13);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::uint32_t>(random());
    // PAM, and its neighbours. DRAMT and SMRAM differ, which is not told.
    constexpr std::uint8_t kOffsets[] = {0x58, 0x5c, 0x58, 0x5c, 0x60, 0x70};
    const ByteEnables enables(random() & 15);
    const std::uint8_t offset = kOffsets[random() % 6];
    ASSERT_TRUE(chip.write(offset, value, enables));
    ASSERT_TRUE(hyperv.write(offset, value, enables));
    if (random() % 500 == 0) {
      ASSERT_TRUE(chip.reset());
      ASSERT_TRUE(hyperv.reset());
    }
    expect_the_same();
    ASSERT_FALSE(HasFailure()) << i;
  }
}

TEST_F(RangesSinkTest, IsSilentWhenPamDoesNotChange) {
  ASSERT_TRUE(chip.power_on());
  take_calls();
  ASSERT_TRUE(chip.write(0x70, 0x87480000, ByteEnables::all()));
  ASSERT_TRUE(chip.write(0x64, 0x20000000, ByteEnables::all()));
  ASSERT_TRUE(chip.write(0x68, 0x00000080, ByteEnables::all()));
  ASSERT_TRUE(chip.agp_bridge()->write(0x20, 0, ByteEnables::all()));
  EXPECT_THAT(take_calls(), IsEmpty());
}

// "Restore: all 13, forced. A0000-BFFFF is not told."
TEST_F(RangesSinkTest, TellsOf13SegmentsAtRestore) {
  ASSERT_TRUE(chip.write(0x5c, 0x33221100, ByteEnables::all()));
  const ChipBridgeState saved = chip.state();
  HypervBridgeState hyperv_saved = hyperv.state();
  hyperv_saved.registers.pam_reg2 = 0x33221100;

  fakes::RecordingAdjuster restored_adjuster;
  RangesSink restored_pam(restored_adjuster);
  ChipBridge restored(kI440bx, {}, restored_pam, events);
  restored_pam.expect_restore();
  ASSERT_TRUE(restored.restore(saved));
  ASSERT_TRUE(hyperv.restore(hyperv_saved));
  EXPECT_EQ(restored_adjuster.calls, hyperv_adjuster.calls);
  ASSERT_TRUE(restored.reset());
  ASSERT_TRUE(hyperv.reset());
  EXPECT_EQ(restored_adjuster.calls, hyperv_adjuster.calls) << "nor later";
}

// A restore that fails has not settled A0000-BFFFF; one of a running machine finds it settled.
TEST_F(RangesSinkTest, TellsOfTheVgaRangeAfterARestoreThatFailed) {
  const ChipBridgeState saved = chip.state();
  ranges_sink.expect_restore();
  adjuster.failing = true;
  EXPECT_FALSE(chip.restore(saved));
  adjuster.failing = false;
  take_calls();
  ASSERT_TRUE(chip.power_on());
  EXPECT_THAT(take_calls(), ElementsAre(ElementsAre(kVgaForced), SizeIs(13)));
  ranges_sink.expect_restore();
  ASSERT_TRUE(chip.restore(saved));
  ASSERT_TRUE(chip.reset());
  EXPECT_THAT(take_calls(), ElementsAre(SizeIs(13), SizeIs(13)));
}

// The error goes up; the next telling starts from what HypervBridge's would.
TEST_F(RangesSinkTest, HandsErrorsUp) {
  ASSERT_TRUE(chip.power_on());
  ASSERT_TRUE(hyperv.power_on());
  const ChipBridgeState fresh = chip.state();
  const HypervBridgeState hyperv_fresh = hyperv.state();
  for (fakes::RecordingAdjuster* each : {&adjuster, &hyperv_adjuster}) each->failing = true;
  EXPECT_EQ(chip.write(0x5c, 0x33, ByteEnables::all()).error(),
            hyperv.write(0x5c, 0x33, ByteEnables::all()).error());
  EXPECT_EQ(chip.restore(fresh).error(), hyperv.restore(hyperv_fresh).error());
  for (fakes::RecordingAdjuster* each : {&adjuster, &hyperv_adjuster}) each->failing = false;
  ASSERT_TRUE(chip.write(0x5c, 0x31, ByteEnables::all()));
  ASSERT_TRUE(hyperv.write(0x5c, 0x31, ByteEnables::all()));
  expect_the_same();
}

TEST_F(RangesSinkTest, EndsPowerOnAtTheFirstError) {
  adjuster.failing = true;
  EXPECT_FALSE(chip.power_on());
  EXPECT_THAT(take_calls(), ElementsAre(ElementsAre(kVgaForced)));
  adjuster.failing = false;
  ASSERT_TRUE(chip.power_on());
  EXPECT_THAT(take_calls(), SizeIs(2)) << "a second try tells all";
}

}  // namespace
}  // namespace lowmeg::bridge
