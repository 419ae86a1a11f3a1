#include <gmock/gmock.h>

#include <random>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "tests/fakes/recording_decode_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Call = fakes::RecordingDecodeSink::Call;

struct RestoredChip {
  explicit RestoredChip(const Identity& identity = kI440bx, const ChipOptions& options = {})
      : bridge(identity, options, sink, events) {}

  NullEventSink events;
  fakes::RecordingDecodeSink sink;
  ChipBridge bridge;
};

void write_at_random(ChipBridge& bridge, std::mt19937& random) {
  for (int i = 0; i < 300; ++i) {
    const auto offset = static_cast<std::uint8_t>(random() & 0xfc);
    ASSERT_TRUE(bridge.write(offset, static_cast<std::uint32_t>(random()), ByteEnables(random() & 15)));
    if (bridge.agp_bridge() == nullptr) continue;
    ASSERT_TRUE(bridge.agp_bridge()->write(offset, static_cast<std::uint32_t>(random()), ByteEnables::all()));
  }
}

// What writes can lead to can be restored, and then acts the same: the locks too.
TEST(ChipBridgeRestore, GivesBackAnyStateThatWritesLeadTo) {
  std::mt19937 random(0x443b);
  const std::pair<const Identity&, Agp> chips[] = {
      {kI440bx, Agp::kPresent}, {kI440bx, Agp::kStrappedOff}, {kI440fx, Agp::kPresent}};
  for (const auto& [identity, agp] : chips) {
    for (int round = 0; round < 100; ++round) {
      RestoredChip before(identity, {.agp = agp}), after(identity, {.agp = agp});
      write_at_random(before.bridge, random);
      ASSERT_TRUE(after.bridge.restore(before.bridge.state()));
      EXPECT_EQ(after.bridge.state(), before.bridge.state());
      EXPECT_THAT(after.sink.calls, ElementsAre(Call{before.bridge.decode_registers(), Apply::kForced}));
      const std::mt19937 same = random;
      write_at_random(before.bridge, random);
      random = same;
      write_at_random(after.bridge, random);
      EXPECT_EQ(after.bridge.state(), before.bridge.state());
    }
  }
}

TEST(ChipBridgeRestore, LeavesTheBridgeAsItWasOnAnError) {
  RestoredChip saved, chip;
  ASSERT_TRUE(saved.bridge.write(0x5c, 0x33333333, ByteEnables::all()));
  ASSERT_TRUE(saved.bridge.write(0x2c, 0x11112222, ByteEnables::all()));
  ASSERT_TRUE(saved.bridge.agp_bridge()->write(0x20, 0x00100000, ByteEnables::all()));
  ASSERT_TRUE(chip.bridge.write(0x58, 0x11111103, ByteEnables::all()));
  const ChipBridgeState before = chip.bridge.state();
  chip.sink.failing = true;
  EXPECT_EQ(chip.bridge.restore(saved.bridge.state()).error(), (Error{Errc::kSystem, "no such map", 0}));
  EXPECT_EQ(chip.bridge.state(), before);
  chip.sink.failing = false;
  chip.sink.calls.clear();
  ASSERT_TRUE(chip.bridge.write(0xd0, 0x12345678, ByteEnables::all()));
  EXPECT_THAT(chip.sink.calls, IsEmpty()) << "decode is as it was told before";
}

// One line each.
TEST(ChipBridgeRestore, RefusesWhatTheChipCannotHold) {
  struct Row {
    const char* line;
    void (*spoil)(ChipBridgeState&);
  };
  using S = ChipBridgeState;
  const Row rows[] = {
      {"chip: the state is of 8086:1237, where this one is 8086:7190",
       [](S& s) { s.host_bridge.dwords[0] = 0x12378086; }},
      {"AGP bridge: the state has none, where this chip has one", [](S& s) { s.agp_bridge.reset(); }},
      {"dword 04h: 02100004h, of which bits 00000002h cannot be",
       [](S& s) { s.host_bridge.dwords[1] = 0x02100004; }},
      {"dword 10h: 00400008h, of which bits 00400000h cannot be",
       [](S& s) { s.host_bridge.dwords[4] = 0x00400008; }},
      {"dword 2ch: 00000100h, of which bits 00000100h cannot be",
       [](S& s) { s.host_bridge.dwords[11] = 0x100, s.host_bridge.written_once = 0b1101; }},
      {"dword 40h: 00000001h, of which bits 00000001h cannot be", [](S& s) { s.host_bridge.dwords[16] = 1; }},
      {"dword 5ch: 00004000h, of which bits 00004000h cannot be",
       [](S& s) { s.host_bridge.dwords[23] = 0x4000; }},
      {"dword 70h: 38031f00h, of which bits 00010000h cannot be",
       [](S& s) { s.host_bridge.dwords[28] = 0x38031f00; }},
      {"SMRAM: D_OPEN under D_LCK", [](S& s) { s.host_bridge.dwords[28] = 0x385a1f00; }},
      {"write once: 10h are no bytes of SVID and SID", [](S& s) { s.host_bridge.written_once = 0x10; }},
      {"AGP bridge, dword 3ch: 00920000h, of which bits 00120000h cannot be",
       [](S& s) { s.agp_bridge->at(15) = 0x00920000; }},
  };
  for (const Row& row : rows) {
    RestoredChip chip;
    ChipBridgeState state = chip.bridge.state();
    ASSERT_TRUE(chip.bridge.check(state));
    row.spoil(state);
    const Result<void> checked = chip.bridge.check(state);
    ASSERT_FALSE(checked) << row.line;
    EXPECT_EQ(checked.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
  }
}

TEST(ChipBridgeRestore, RefusesWhatTheFxHasNot) {
  RestoredChip chip(kI440fx);
  ChipBridgeState state = chip.bridge.state();
  state.host_bridge.written_once = 1;
  EXPECT_EQ(chip.bridge.check(state).error().what, "write once: 1h are no bytes of SVID and SID");
  state.host_bridge.written_once = 0;
  state.agp_bridge.emplace();
  EXPECT_EQ(chip.bridge.check(state).error().what, "AGP bridge: the state has one, where this chip has none");
}

TEST(ChipBridgeRestoreDeathTest, AbortsOnAStateThatWasNotChecked) {
  RestoredChip chip;
  ChipBridgeState state = chip.bridge.state();
  state.host_bridge.dwords[28] = 0x385a1f00;
  EXPECT_DEATH((void)chip.bridge.restore(state), "broken invariant: a state that this chip can hold");
}

}  // namespace
}  // namespace lowmeg::bridge
