// A chip's bytes out of one machine and into another: alone, and above Hyper-V's adjuster.
#include <gmock/gmock.h>

#include <random>

#include "lowmeg/state/restore.hpp"
#include "tests/fakes/get_messages.hpp"
#include "tests/fakes/get_rig.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/recording_decode_sink.hpp"

namespace lowmeg::state {
namespace {

using bridge::ByteEnables;
using fakes::GetRig;
using fakes::kVersion42;
using testing::ElementsAre;
using testing::IsEmpty;

// A paravisor whose bridge has a chip's registers.
struct ChipParavisor {
  explicit ChipParavisor(GetRig& rig, const bridge::Identity& identity = bridge::kI440fx)
      : client(get::Client::connect(
                   std::make_unique<fakes::RecordingTransport>(
                       std::make_unique<get::InProcessTransport>(*rig.host, get::Batches::kOffered), wire),
                   events)
                   .value()),
        adjuster(hyperv::GetBackedAdjuster(*client, 0, GetRig::kRomBiosOffset, events)),
        bridge(identity, {}, ranges_sink, events) {}

  Result<void> restore(const SavedChipset& saved, HostRanges host = HostRanges::kInPlace) {
    return state::restore(saved, adjuster, ranges_sink, bridge, host);
  }
  SavedChipset save() const { return state::save(adjuster, bridge); }

  fakes::RecordingEventSink events;
  fakes::Wire wire;
  std::unique_ptr<get::Client> client;
  hyperv::SharedAdjuster adjuster;
  bridge::RangesSink ranges_sink{adjuster};
  bridge::ChipBridge bridge;
};

void write_at_random(bridge::ChipBridge& bridge, std::mt19937& random) {
  constexpr std::uint8_t kOffsets[] = {0x58, 0x5c, 0x58, 0x5c, 0x70, 0x04, 0x0c, 0x60, 0x64, 0xd0};
  ASSERT_TRUE(bridge.write(kOffsets[random() % std::size(kOffsets)], static_cast<std::uint32_t>(random()),
                           ByteEnables(random() & 15)));
}

// "Not one request may reach the host for what is already there."
TEST(RestoreChip, AboveAnAdjusterIsSilent) {
  for (const bridge::Identity& identity : {bridge::kI440fx, bridge::kI440bx}) {
    GetRig rig;
    auto paravisor = std::make_unique<ChipParavisor>(rig, identity);
    ASSERT_TRUE(paravisor->bridge.power_on());
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
      for (int i = 0; i < 5; ++i) write_at_random(paravisor->bridge, random);
      const SavedChipset saved = paravisor->save();
      const auto slots = rig.host->slots();
      auto next = std::make_unique<ChipParavisor>(rig, identity);
      ASSERT_TRUE(next->restore(saved));
      ASSERT_THAT(next->wire.sent, ElementsAre(kVersion42));
      ASSERT_EQ(next->bridge.state(), paravisor->bridge.state());
      ASSERT_EQ(next->save(), saved);
      ASSERT_EQ(rig.host->slots(), slots);
      paravisor = std::move(next);
    }
    EXPECT_GT(rig.host->counters().requests(), 300u);
  }
}

TEST(RestoreChip, BringsARangelessHostToTheSameRanges) {
  GetRig here, there;
  ChipParavisor paravisor(here);
  ASSERT_TRUE(paravisor.bridge.power_on());
  ASSERT_TRUE(paravisor.bridge.write(0x5c, 0x11330000, ByteEnables::all()));
  ChipParavisor next(there);
  ASSERT_TRUE(next.restore(paravisor.save(), HostRanges::kUnknown));
  EXPECT_EQ(there.host->slots(), here.host->slots());
  EXPECT_EQ(next.save(), paravisor.save());
}

// A refusal changes nothing and asks nothing, whichever half is at fault.
TEST(RestoreChip, RefusesTheStateOfAnotherPersonality) {
  GetRig rig;
  ChipParavisor fx(rig), bx(rig, bridge::kI440bx);
  ASSERT_TRUE(fx.bridge.power_on());
  const SavedChipset good = fx.save();
  struct Row {
    SavedChipset saved;
    const char* line = "";
  };
  const Row rows[] = {
      {bx.save(), "bridge: chip: the state is of 8086:7190, where this one is 8086:1237"},
      {{good.adjuster, fakes::golden("bridge_any_initial")},
       "bridge: type_url: \"type.googleapis.com/chipset.i440bx.host_pci_bridge.SavedState\", where "
       "\"type.googleapis.com/lowmeg.chip_bridge.SavedState\" is right"},
      {{{}, good.bridge}, "adjuster: handles: absent"},
  };
  for (const Row& row : rows) {
    ChipParavisor next(rig);
    const bridge::ChipBridgeState before = next.bridge.state();
    const Result<void> restored = next.restore(row.saved, HostRanges::kUnknown);
    ASSERT_FALSE(restored) << row.line;
    EXPECT_EQ(restored.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
    EXPECT_EQ(next.bridge.state(), before);
    EXPECT_THAT(next.wire.sent, ElementsAre(kVersion42));
  }
  bridge::HypervBridge hyperv(bridge::kI440fx, fx.adjuster, fx.events);
  EXPECT_EQ(restore(good, fx.adjuster, hyperv).error().what,
            "bridge: type_url: \"type.googleapis.com/lowmeg.chip_bridge.SavedState\", where "
            "\"type.googleapis.com/chipset.i440bx.host_pci_bridge.SavedState\" is right");
}

// The chip's way: no adjuster.
TEST(RestoreChip, AloneTellsItsSinkOnce) {
  NullEventSink events;
  fakes::RecordingDecodeSink sink, next_sink;
  bridge::ChipBridge chip(bridge::kI440bx, {}, sink, events), next(bridge::kI440bx, {}, next_sink, events);
  ASSERT_TRUE(chip.power_on());
  ASSERT_TRUE(chip.write(0x70, 0x81180000, ByteEnables::all()));
  ASSERT_TRUE(restore(save(chip), next));
  EXPECT_EQ(next.state(), chip.state());
  EXPECT_THAT(next_sink.calls,
              ElementsAre(fakes::RecordingDecodeSink::Call{chip.decode_registers(), Apply::kForced}));
}

TEST(RestoreChip, AloneLeavesTheBridgeAsItWasOnAnError) {
  NullEventSink events;
  fakes::RecordingDecodeSink sink;
  bridge::ChipBridge chip(bridge::kI440bx, {}, sink, events);
  const bridge::ChipBridgeState before = chip.state();
  Buffer cut = fakes::golden("chip_any_i440bx_initial");
  cut.pop_back();
  EXPECT_EQ(restore(cut, chip).error().what, "bridge: value: the input ends 1 bytes too early");
  EXPECT_THAT(sink.calls, IsEmpty());
  bridge::ChipBridge changed(bridge::kI440bx, {}, sink, events);
  ASSERT_TRUE(changed.write(0x5c, 0x33, ByteEnables::all()));
  sink.failing = true;
  EXPECT_EQ(restore(save(changed), chip).error(), (Error{Errc::kSystem, "no such map", 0}));
  EXPECT_EQ(chip.state(), before);
}

}  // namespace
}  // namespace lowmeg::state
