#include "lowmeg/state/saved_chip.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "lowmeg/state/chip_meaning.hpp"
#include "tests/fakes/golden.hpp"
#include "tests/fakes/hex.hpp"
#include "tests/fakes/recording_decode_sink.hpp"

namespace lowmeg::state {
namespace {

using bridge::Agp;
using bridge::ByteEnables;
using fakes::golden;
using fakes::unhex;

struct Chip {
  explicit Chip(const bridge::Identity& identity = bridge::kI440bx, Agp agp = Agp::kPresent)
      : bridge(identity, {.agp = agp}, sink, events) {}

  void write(std::uint8_t offset, std::uint32_t value, unsigned enables = 0xf) {
    ASSERT_TRUE(bridge.write(offset, value, ByteEnables(enables)));
  }
  SavedChip saved() const { return to_saved(bridge.state()); }

  NullEventSink events;
  fakes::RecordingDecodeSink sink;
  bridge::ChipBridge bridge;
};

// A machine after POST: BIOS shadowed, SMRAM and the timing locked, a subsystem, an aperture, a card on AGP.
void post(Chip& chip) {
  chip.write(0x58, 0x01111003);
  chip.write(0x5c, 0x33330000);
  chip.write(0x2c, 0x00001028, 0b0011);
  chip.write(0x64, 0x08000000, 0b1000);
  chip.write(0xb4, 0x30);
  chip.write(0x10, 0xe0000000);
  chip.write(0x50, 0x00000200, 0b0010);
  chip.write(0xd0, 0x0000beef);
  chip.write(0xe4, 0x80000000);
  chip.write(0x70, 0x81180000);
  bridge::ConfigFunction& agp = *chip.bridge.agp_bridge();
  ASSERT_TRUE(agp.write(0x04, 0x07, ByteEnables::all()));
  ASSERT_TRUE(agp.write(0x18, 0x00010100, ByteEnables::all()));
  ASSERT_TRUE(agp.write(0x20, 0xe1f0e000, ByteEnables::all()));
  ASSERT_TRUE(agp.write(0x3c, 0x00880000, ByteEnables::all()));
}

TEST(SavedChip, IsTheGoldenBytes) {
  EXPECT_EQ(fakes::golden_names("chip_").size(), 5u);
  Chip locked;
  post(locked);
  struct Row {
    const char* name;
    SavedChip chip;
  };
  const Row rows[] = {
      {"chip_i440bx_initial", Chip().saved()},
      {"chip_i440bx_locked", locked.saved()},
      {"chip_i440bx_without_agp", Chip(bridge::kI440bx, Agp::kStrappedOff).saved()},
      {"chip_i440fx_initial", Chip(bridge::kI440fx).saved()},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(encode(row.chip), golden(row.name)) << row.name;
    EXPECT_EQ(decode_chip(golden(row.name)).value(), row.chip) << row.name;
  }
  EXPECT_EQ(encode_any(Chip().saved()), golden("chip_any_i440bx_initial"));
  EXPECT_EQ(decode_chip_any(golden("chip_any_i440bx_initial")).value(), Chip().saved());
}

TEST(SavedChip, TenThousandRandomStatesGoThereAndBack) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 10'000; ++round) {
    SavedChip chip;
    for (std::uint8_t& byte : chip.host_bridge) byte = static_cast<std::uint8_t>(random());
    chip.written_once = random() & 15;
    if (random() % 2 == 0) {
      chip.agp_bridge.emplace();
      for (std::uint8_t& byte : *chip.agp_bridge) byte = static_cast<std::uint8_t>(random());
    }
    ASSERT_EQ(decode_chip(encode(chip)).value(), chip);
    ASSERT_EQ(decode_chip_any(encode_any(chip)).value(), chip);
  }
}

TEST(SavedChip, IsRefusedWithALineThatNamesTheField) {
  const auto space = [](unsigned size) { return std::string(size, '\0'); };
  const auto message = [](const std::string& host_bridge, const std::string& rest) {
    Buffer bytes =
        unhex(fmt::format("0a {:02x} {:02x}", (host_bridge.size() & 0x7f) | 0x80, host_bridge.size() >> 7));
    bytes.insert(bytes.end(), host_bridge.begin(), host_bridge.end());
    const Buffer more = unhex(rest);
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
  };
  struct Row {
    Buffer bytes;
    const char* line = "";
  };
  const Row rows[] = {
      {{}, "host_bridge: 0 bytes, where 256 are right"},
      {message(space(255), ""), "host_bridge: 255 bytes, where 256 are right"},
      {message(space(257), ""), "host_bridge: 257 bytes, where 256 are right"},
      {message(space(256), "1a 01 00"), "agp_bridge: 1 bytes, where 256 are right"},
      {message(space(256), "10 10"), "written_once: 10h is wider than 4 bits"},
      {message(space(256), "12 00"), "written_once: wire type 2, where 0 is right"},
      {message(space(256), "1a 05 00"), "agp_bridge: the input ends 4 bytes too early"},
      {unhex("08 00"), "host_bridge: wire type 0, where 2 is right"},
  };
  for (const Row& row : rows) {
    const auto chip = decode_chip(row.bytes);
    ASSERT_FALSE(chip) << row.line;
    EXPECT_EQ(chip.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
  }
}

TEST(SavedChip, IsReadLiberally) {
  Buffer bytes = unhex("20 05 2a 01 ff 10 03");  // unknown fields; the known in any order
  const Buffer rest = golden("chip_i440bx_initial");
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  SavedChip expected = Chip().saved();
  expected.written_once = 3;
  EXPECT_EQ(decode_chip(bytes).value(), expected);
}

TEST(SavedChip, IsRefusedWhenItEndsEarly) {
  const Buffer whole = golden("chip_i440bx_initial");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (size == 259) continue;  // all of the host bridge, and no AGP bridge: another chip's state
    EXPECT_FALSE(decode_chip(Bytes(whole).first(size))) << size;
  }
}

TEST(ChipMeaning, KeepsEveryFieldBothWays) {
  Chip chip;
  post(chip);
  EXPECT_EQ(accept(chip.saved(), chip.bridge).value(), chip.bridge.state());
  EXPECT_EQ(chip.saved().host_bridge[0x5e], 0x33);
  EXPECT_EQ(chip.saved().written_once, 0b0011);
  EXPECT_EQ(chip.saved().agp_bridge->at(0x21), 0xe0);
}

// "A state of one personality is refused by another with one clear line."
TEST(ChipMeaning, RefusesAnotherChipsState) {
  struct Row {
    const char* name;
    const char* bx;
    const char* without_agp;
    const char* fx;
  };
  const char* const bx_for_fx = "chip: the state is of 8086:7190, where this one is 8086:1237";
  const Row rows[] = {
      {"chip_i440bx_initial", "", "chip: the state is of 8086:7190, where this one is 8086:7192", bx_for_fx},
      {"chip_i440bx_locked", "", "chip: the state is of 8086:7190, where this one is 8086:7192", bx_for_fx},
      {"chip_i440bx_without_agp", "chip: the state is of 8086:7192, where this one is 8086:7190", "",
       "chip: the state is of 8086:7192, where this one is 8086:1237"},
      {"chip_i440fx_initial", "chip: the state is of 8086:1237, where this one is 8086:7190",
       "chip: the state is of 8086:1237, where this one is 8086:7192", ""},
  };
  const auto line = [](const char* name, const Chip& chip) {
    const auto state = accept(decode_chip(golden(name)).value(), chip.bridge);
    return state ? std::string() : state.error().what;
  };
  for (const Row& row : rows) {
    EXPECT_EQ(line(row.name, Chip()), row.bx) << row.name;
    EXPECT_EQ(line(row.name, Chip(bridge::kI440bx, Agp::kStrappedOff)), row.without_agp) << row.name;
    EXPECT_EQ(line(row.name, Chip(bridge::kI440fx)), row.fx) << row.name;
  }
}

TEST(ChipMeaning, RefusesWhatTheChipCannotHold) {
  struct Row {
    const char* line;
    void (*spoil)(SavedChip&);
  };
  using S = SavedChip;
  const Row rows[] = {
      {"dword 58h: 00000403h, of which bits 00000400h cannot be", [](S& s) { s.host_bridge[0x59] = 0x04; }},
      {"dword 40h: 00010000h, of which bits 00010000h cannot be", [](S& s) { s.host_bridge[0x42] = 0x01; }},
      {"SMRAM: D_OPEN under D_LCK", [](S& s) { s.host_bridge[0x72] = 0x52; }},
      {"dword 2ch: 00000001h, of which bits 00000001h cannot be", [](S& s) { s.host_bridge[0x2c] = 0x01; }},
      {"AGP bridge: the state has none, where this chip has one", [](S& s) { s.agp_bridge.reset(); }},
      {"AGP bridge, dword 18h: 00000001h, of which bits 00000001h cannot be",
       [](S& s) { s.agp_bridge->at(0x18) = 0x01; }},
  };
  for (const Row& row : rows) {
    Chip chip;
    SavedChip saved = chip.saved();
    row.spoil(saved);
    const auto state = accept(saved, chip.bridge);
    ASSERT_FALSE(state) << row.line;
    EXPECT_EQ(state.error(), (Error{Errc::kInvalidArgument, row.line, 0}));
  }
}

}  // namespace
}  // namespace lowmeg::state
