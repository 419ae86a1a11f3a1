// What the bridge says downwards. Its registers: config_header_test.cpp, hyperv_registers_test.cpp.
#include "lowmeg/bridge/hyperv_bridge.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/recording_adjuster.hpp"
#include "tests/fakes/recording_event_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr GpaRange kVga{0xa0000, 0xc0000};
constexpr GpaRange kF{0xf0000, 0x100000}, kC0{0xc0000, 0xc4000}, kCc{0xcc000, 0xd0000}, kEc{0xec000, 0xf0000};

struct HypervBridgeTest : testing::Test {
  std::vector<std::vector<GpaStateChange>> take_calls() { return std::exchange(adjuster.calls, {}); }

  fakes::RecordingEventSink events;
  fakes::RecordingAdjuster adjuster;
  HypervBridge bridge{kHyperv, adjuster, events};
};

// The 13 segments in register order, all from `before` to Mmio and forced.
std::vector<GpaStateChange> all_forced(const PamStates& before) {
  std::vector<GpaStateChange> changes;
  for (std::size_t i = 0; i < 13; ++i)
    changes.push_back({kPamSegments[i], before[i], GpaState::kMmio, Apply::kForced});
  return changes;
}

// "At construction, when not restoring: A0000-BFFFF Mmio, then all 13, forced."
TEST_F(HypervBridgeTest, TellsOfAllAtPowerOn) {
  EXPECT_THAT(adjuster.calls, IsEmpty());
  ASSERT_TRUE(bridge.power_on());
  EXPECT_THAT(take_calls(),
              ElementsAre(ElementsAre(GpaStateChange{kVga, GpaState::kMmio, GpaState::kMmio, Apply::kForced}),
                          all_forced(PamStates{})));
}

// "A write to dword 58h or 5Ch: decode the 13 segments of old and new, tell the adjuster of those that
// differ."
TEST_F(HypervBridgeTest, TellsOnlyWhatChangedInOneCallAWrite) {
  ASSERT_TRUE(bridge.power_on());
  take_calls();
  ASSERT_TRUE(bridge.write(0x58, 0x00033003, ByteEnables::all()));  // PAM0 = 30h, PAM1 = 03h
  EXPECT_THAT(take_calls(), ElementsAre(ElementsAre(
                                GpaStateChange{kF, GpaState::kMmio, GpaState::kWritable, Apply::kDelta},
                                GpaStateChange{kC0, GpaState::kMmio, GpaState::kWritable, Apply::kDelta})));
  ASSERT_TRUE(
      bridge.write(0x58, 0x20011000, ByteEnables(0b1010)));  // PAM0 = 10h, PAM2 = 20h; PAM1 not enabled
  EXPECT_THAT(take_calls(),
              ElementsAre(ElementsAre(
                  GpaStateChange{kF, GpaState::kWritable, GpaState::kWriteProtected, Apply::kDelta},
                  GpaStateChange{kCc, GpaState::kMmio, GpaState::kWriteOnly, Apply::kDelta})));
  ASSERT_TRUE(bridge.write(0x5c, 0x30000000, ByteEnables::all()));
  EXPECT_THAT(
      take_calls(),
      ElementsAre(ElementsAre(GpaStateChange{kEc, GpaState::kMmio, GpaState::kWritable, Apply::kDelta})));
}

TEST_F(HypervBridgeTest, IsSilentWhenNoStateChanges) {
  ASSERT_TRUE(bridge.power_on());
  ASSERT_TRUE(bridge.write(0x5c, 0x33333333, ByteEnables::all()));
  take_calls();
  ASSERT_TRUE(bridge.write(0x5c, 0xffffffff, ByteEnables::all()));  // the reserved bits of each nibble
  ASSERT_TRUE(bridge.write(0x58, 0x00000fff, ByteEnables::all()));  // DRAMT and PAM0's reserved nibble
  ASSERT_TRUE(bridge.write(0x5c, 0x00000000, ByteEnables(0)));      // no byte
  for (unsigned offset = 0; offset < 0x100; offset += 4) {
    if (offset == 0x58 || offset == 0x5c) continue;
    ASSERT_TRUE(bridge.write(static_cast<std::uint8_t>(offset), 0xffffffff, ByteEnables::all()));
    bridge.read(static_cast<std::uint8_t>(offset));
  }
  EXPECT_THAT(take_calls(), IsEmpty());
}

// "Reset: registers to the above, all 13 forced": with what was told before, in one call, without
// A0000-BFFFF.
TEST_F(HypervBridgeTest, ForcesAllAtReset) {
  ASSERT_TRUE(bridge.power_on());
  ASSERT_TRUE(bridge.write(0x58, 0x12303000, ByteEnables::all()));
  ASSERT_TRUE(bridge.write(0x72 & ~3, 0x00180000, ByteEnables::all()));  // locks SMRAM
  ASSERT_TRUE(bridge.write(0x04, 0x00000107, ByteEnables::all()));
  const PamStates before = bridge.pam_states();
  take_calls();
  ASSERT_TRUE(bridge.reset());
  EXPECT_THAT(take_calls(), ElementsAre(all_forced(before)));
  EXPECT_EQ(bridge.registers(), hyperv_reset_state(kHyperv));
  EXPECT_EQ(bridge.header(), ConfigHeaderState{});
}

// "On an error the bridge keeps its new register value and hands the error up."
TEST_F(HypervBridgeTest, HandsAnErrorUpAndKeepsTheNewValue) {
  ASSERT_TRUE(bridge.power_on());
  adjuster.failing = true;
  const Result<void> written = bridge.write(0x5c, 0x00000033, ByteEnables::all());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), (Error{Errc::kClosed, "the host is gone", 0}));
  EXPECT_EQ(bridge.read(0x5c), 0x33u);
  EXPECT_TRUE(bridge.write(0x60, 0, ByteEnables::all())) << "nothing to tell";
  EXPECT_FALSE(bridge.reset());
  EXPECT_EQ(bridge.read(0x5c), 0u);
  take_calls();
  EXPECT_FALSE(bridge.power_on());
  EXPECT_THAT(take_calls(), SizeIs(1)) << "the first error ends it";
}

// The identities: vendor, device, revision, class; and DRAMT, which shares its dword with PAM0.
TEST(Identities, AreThree) {
  struct Row {
    const char* name;
    std::uint32_t id, class_revision, dword_58;
  };
  const Row rows[] = {
      {"i440fx", 0x12378086, 0x06000002, 0x10},
      {"i440bx", 0x71908086, 0x06000003, 0x03},
      {"hyperv", 0x71928086, 0x06000003, 0x03},
  };
  ASSERT_THAT(kIdentities, SizeIs(std::size(rows)));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    NullEventSink events;
    fakes::RecordingAdjuster adjuster;
    HypervBridge bridge(kIdentities[i], adjuster, events);
    EXPECT_EQ(bridge.identity().name, rows[i].name);
    EXPECT_EQ(bridge.read(0x00), rows[i].id);
    EXPECT_EQ(bridge.read(0x08), rows[i].class_revision);
    EXPECT_EQ(bridge.read(0x58), rows[i].dword_58);
    ASSERT_TRUE(bridge.write(0x58, 0, ByteEnables::all()));
    ASSERT_TRUE(bridge.reset());
    EXPECT_EQ(bridge.read(0x58), rows[i].dword_58) << "after a reset too";
    EXPECT_EQ(bridge.pam_states(), PamStates{});
  }
}

}  // namespace
}  // namespace lowmeg::bridge
