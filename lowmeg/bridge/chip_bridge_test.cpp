// What the bridge says downwards. Its registers: chip_registers_test.cpp, chip_smram_test.cpp.
#include "lowmeg/bridge/chip_bridge.hpp"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <utility>

#include "tests/fakes/recording_decode_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Call = fakes::RecordingDecodeSink::Call;

struct Chip {
  explicit Chip(const Identity& identity = kI440bx, const ChipOptions& options = {})
      : bridge(identity, options, sink, events) {}

  std::vector<Call> take_calls() { return std::exchange(sink.calls, {}); }
  DecodeRegisters last() { return sink.calls.back().registers; }

  NullEventSink events;
  fakes::RecordingDecodeSink sink;
  ChipBridge bridge;
};

// The values after a reset, of which a fresh chip tells.
DecodeRegisters fresh(const Identity& identity) {
  DecodeRegisters registers{.drb7 = 1, .smram = 0x02, .agp = {}};
  if (identity.device == kI440fx.device) return registers;
  registers.apbase = 0x08;
  registers.agp.mbase = registers.agp.pmbase = 0xfff0;
  return registers;
}

TEST(ChipBridge, TellsOfAllAtPowerOnAndReset) {
  for (const Identity& identity : {kI440bx, kI440fx}) {
    Chip chip(identity);
    EXPECT_THAT(chip.take_calls(), IsEmpty()) << "nothing before power-on";
    EXPECT_EQ(chip.bridge.decode_registers(), fresh(identity));
    ASSERT_TRUE(chip.bridge.power_on());
    EXPECT_THAT(chip.take_calls(), ElementsAre(Call{fresh(identity), Apply::kForced}));
    ASSERT_TRUE(chip.bridge.write(0x58, 0x33333303, ByteEnables::all()));
    EXPECT_EQ(chip.bridge.pam_states()[0], GpaState::kWritable);
    chip.take_calls();
    ASSERT_TRUE(chip.bridge.reset());
    EXPECT_THAT(chip.take_calls(), ElementsAre(Call{fresh(identity), Apply::kForced}));
    ASSERT_TRUE(chip.bridge.reset());
    EXPECT_THAT(chip.take_calls(), SizeIs(1)) << "changed or not";
  }
}

// "Registers that change decode": each bit of them that does, and where the value then has it.
TEST(ChipBridge, TellsOnceOfAWriteThatChangesDecode) {
  struct Row {
    unsigned offset;
    std::uint32_t value;
    ByteEnables enables;
    void (*expect)(DecodeRegisters&);
  };
  using R = DecodeRegisters;
  const Row rows[] = {
      {0x58, 0x31201003, ByteEnables::all(), [](R& r) { r.pam = {0x10, 0x20, 0x31}; }},
      {0x58, 0x00000030, ByteEnables(0b0010), [](R&) {}},  // PAM0 from 00 to 00
      {0x5c, 0x33221101, ByteEnables::all(), [](R& r) { r.pam = {0, 0, 0, 0x01, 0x11, 0x22, 0x33}; }},
      {0x64, 0x20000000, ByteEnables(0b1000), [](R& r) { r.drb7 = 0x20; }},
      {0x68, 0x000000c0, ByteEnables(0b0001), [](R& r) { r.fdhc = 0xc0; }},
      {0x70, 0x00480000, ByteEnables(0b0100), [](R& r) { r.smram = 0x4a; }},
      {0x70, 0x85180000, ByteEnables::all(), [](R& r) { r.smram = 0x1a, r.esmramc = 0x85; }},
      {0x50, 0x00000620, ByteEnables::all(), [](R& r) { r.nbxcfg = 0x620; }},
      {0x10, 0xe0000000, ByteEnables::all(), [](R& r) { r.apbase = 0xe0000008; }},
      {0xb4, 0x00000030, ByteEnables::all(), [](R& r) { r.apsize = 0x30; }},
  };
  for (const Row& row : rows) {
    Chip chip;
    DecodeRegisters expected = fresh(kI440bx);
    row.expect(expected);
    ASSERT_TRUE(chip.bridge.write(static_cast<std::uint8_t>(row.offset), row.value, row.enables));
    if (expected == fresh(kI440bx)) {
      EXPECT_THAT(chip.take_calls(), IsEmpty()) << std::hex << row.offset;
    } else {
      EXPECT_THAT(chip.take_calls(), ElementsAre(Call{expected, Apply::kDelta})) << std::hex << row.offset;
    }
    EXPECT_EQ(chip.bridge.decode_registers(), expected);
    ASSERT_TRUE(chip.bridge.write(static_cast<std::uint8_t>(row.offset), row.value, row.enables));
    EXPECT_THAT(chip.take_calls(), IsEmpty()) << "the same again";
  }
}

// Device 1's part, and that it is told together with the host bridge's.
TEST(ChipBridge, TellsOfItsAgpBridge) {
  struct Row {
    unsigned offset;
    std::uint32_t value;
    void (*expect)(AgpBridgeRegisters&);
  };
  using A = AgpBridgeRegisters;
  const Row rows[] = {
      {0x04, 0x0000011f, [](A& a) { a.pcicmd1 = 0x0002; }},
      {0x20, 0xe1ffe000, [](A& a) { a.mbase = 0xe000, a.mlimit = 0xe1f0; }},
      {0x24, 0xd1ffd000, [](A& a) { a.pmbase = 0xd000, a.pmlimit = 0xd1f0; }},
      {0x3c, 0x00ed0000, [](A& a) { a.bctrl = 0x08; }},
  };
  for (const Row& row : rows) {
    Chip chip;
    DecodeRegisters expected = fresh(kI440bx);
    row.expect(expected.agp);
    ASSERT_TRUE(chip.bridge.agp_bridge()->write(static_cast<std::uint8_t>(row.offset), row.value,
                                                ByteEnables::all()));
    EXPECT_THAT(chip.take_calls(), ElementsAre(Call{expected, Apply::kDelta})) << std::hex << row.offset;
    ASSERT_TRUE(chip.bridge.agp_bridge()->write(static_cast<std::uint8_t>(row.offset), row.value,
                                                ByteEnables::all()));
    EXPECT_THAT(chip.take_calls(), IsEmpty()) << "the same again";
    ASSERT_TRUE(chip.bridge.reset());
    EXPECT_EQ(chip.last(), fresh(kI440bx));
  }
}

// Nothing else is told, whatever is written: MBSC, DRAMC, DRAMT, RPS, PGPOL, SCRR, BSPAD, ERRCMD, bus numbers
// and so on; of NBXCFG, PCICMD1 and BCTRL just the bits above.
TEST(ChipBridge, IsSilentAboutTheRest) {
  Chip chip;
  const std::map<unsigned, std::uint32_t> told{{0x10, 0xf0000000}, {0x50, 0x00000620}, {0x58, 0xffffff00},
                                               {0x5c, 0xffffffff}, {0x64, 0xff000000}, {0x68, 0x000000c0},
                                               {0x70, 0xffff0000}, {0xb4, 0x0000003f}};
  const std::map<unsigned, std::uint32_t> told_by_agp{
      {0x04, 0x2}, {0x20, 0xffffffff}, {0x24, 0xffffffff}, {0x3c, 0x00080000}};
  for (unsigned offset = 0; offset < 0x100; offset += 4) {
    const auto dword = static_cast<std::uint8_t>(offset);
    for (const std::uint32_t value : {0xffffffffu, 0u}) {
      const std::uint32_t keep = told.contains(offset) ? told.at(offset) : 0;
      ASSERT_TRUE(
          chip.bridge.write(dword, (value & ~keep) | (chip.bridge.read(dword) & keep), ByteEnables::all()));
      ConfigFunction& agp = *chip.bridge.agp_bridge();
      const std::uint32_t agp_keep = told_by_agp.contains(offset) ? told_by_agp.at(offset) : 0;
      ASSERT_TRUE(agp.write(dword, (value & ~agp_keep) | (agp.read(dword) & agp_keep), ByteEnables::all()));
    }
  }
  EXPECT_THAT(chip.take_calls(), IsEmpty());
}

// "What a chip has not got is 0": the 82441FX has PMCCFG where the 82443BX has NBXCFG.
TEST(ChipBridge, TellsNothingThatTheFxHasNot) {
  Chip chip(kI440fx);
  EXPECT_EQ(chip.bridge.agp_bridge(), nullptr);
  for (unsigned offset = 0; offset < 0x100; offset += 4)
    ASSERT_TRUE(chip.bridge.write(static_cast<std::uint8_t>(offset), 0xffffffff, ByteEnables::all()));
  DecodeRegisters expected{.pam = {0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33},
                           .drb7 = 0xff,
                           .fdhc = 0xc0,
                           .smram = 0x3a,
                           .agp = {}};
  EXPECT_EQ(chip.last(), expected);
}

// On an error the register keeps its new value, and the error goes up; the next write, whatever it is, tells
// it again.
TEST(ChipBridge, HandsAnErrorUpAndKeepsTheNewValue) {
  Chip chip;
  ASSERT_TRUE(chip.bridge.power_on());
  chip.sink.failing = true;
  const Result<void> written = chip.bridge.write(0x5c, 0x33, ByteEnables::all());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), (Error{Errc::kSystem, "no such map", 0}));
  EXPECT_EQ(chip.bridge.read(0x5c), 0x33u);
  EXPECT_FALSE(chip.bridge.write(0x5c, 0x33, ByteEnables::all())) << "the same once more";
  const std::size_t calls = chip.sink.calls.size();
  chip.sink.failing = false;
  EXPECT_TRUE(chip.bridge.write(0x5c, 0x33, ByteEnables::all()));
  EXPECT_EQ(chip.sink.calls.size(), calls + 1);
  EXPECT_TRUE(chip.bridge.write(0x5c, 0x33, ByteEnables::all())) << "nothing to tell";
  EXPECT_EQ(chip.sink.calls.size(), calls + 1);
  chip.sink.failing = true;
  EXPECT_FALSE(chip.bridge.agp_bridge()->write(0x04, 2, ByteEnables::all()));
  EXPECT_FALSE(chip.bridge.reset());
  EXPECT_FALSE(chip.bridge.power_on());
}

// Firmware that does not size memory needs the rows as one that does would have left them.
TEST(ChipBridge, HasTheRowsThatItIsGiven) {
  struct Row {
    std::uint64_t ram;
    std::uint8_t drb;
  };
  const Row rows[] = {{0, 0x00},        {1, 0x01},       {8 << 20, 0x01},        {(8 << 20) + 1, 0x02},
                      {64 << 20, 0x08}, {1 << 30, 0x80}, {(1u << 30) + 1, 0x80}, {4ull << 30, 0x80},
                      {~0ull, 0x80}};
  for (const Row& row : rows) {
    std::array<std::uint8_t, 8> expected;
    expected.fill(row.drb);
    EXPECT_EQ(drb_for(row.ram), expected) << row.ram;
  }
  for (const Identity& identity : {kI440bx, kI440fx}) {
    Chip chip(identity, {.drb = {1, 2, 3, 4, 5, 6, 7, 8}});
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(chip.bridge.read(0x60), 0x04030201u);
      EXPECT_EQ(chip.bridge.read(0x64), 0x08070605u);
      EXPECT_EQ(chip.bridge.decode_registers().drb7, 8);
      ASSERT_TRUE(chip.bridge.write(0x64, 0, ByteEnables::all()));
      ASSERT_TRUE(chip.bridge.reset());  // and again after a reset
    }
  }
}

// "Reset from any state equals a fresh device", the locks and the write-once bytes included.
TEST(ChipBridge, IsFreshAfterAResetFromAnyState) {
  std::mt19937 random(0x440b);
  for (const Identity& identity : {kI440bx, kI440fx}) {
    for (int round = 0; round < 200; ++round) {
      Chip chip(identity), other(identity);
      for (int i = 0; i < 300; ++i) {
        const auto offset = static_cast<std::uint8_t>(random() & 0xfc);
        ASSERT_TRUE(
            chip.bridge.write(offset, static_cast<std::uint32_t>(random()), ByteEnables(random() & 15)));
        if (chip.bridge.agp_bridge() == nullptr) continue;
        ASSERT_TRUE(chip.bridge.agp_bridge()->write(offset, static_cast<std::uint32_t>(random()),
                                                    ByteEnables::all()));
      }
      EXPECT_NE(chip.bridge.state(), other.bridge.state());
      ASSERT_TRUE(chip.bridge.reset());
      EXPECT_EQ(chip.bridge.state(), other.bridge.state());
    }
  }
}

TEST(ChipBridge, SaysWhoItIs) {
  EXPECT_EQ(Chip(kI440bx).bridge.identity().device, 0x7190);
  EXPECT_EQ(Chip(kI440fx).bridge.identity().device, 0x1237);
  EXPECT_EQ(Chip(kI440fx).bridge.identity().name, "i440fx");
  EXPECT_EQ(Chip(kI440fx, {.agp = Agp::kStrappedOff}).bridge.identity().device, 0x1237) << "no such strap";
}

TEST(ChipBridgeDeathTest, AbortsOnTheIdentityOfNoChip) {
  EXPECT_DEATH(Chip{kHyperv}, "broken invariant: the identity of a chip");
}

}  // namespace
}  // namespace lowmeg::bridge
