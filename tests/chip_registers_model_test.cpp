// A million random dword writes with random byte enables to each chip, against a model that shares no code
// and no table with it. LOWMEG_LONG=1 runs ten times as long.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "tests/naive_chip.hpp"

namespace lowmeg {
namespace {

using bridge::ByteEnables;
using bridge::ChipBridge;

// Holds each telling against what was told before and what the registers say.
struct CheckedSink final : DecodeSink {
  Result<void> changed(const DecodeRegisters& registers, Apply apply) override {
    EXPECT_TRUE(apply == Apply::kForced || registers != last) << "told of nothing";
    last = registers;
    ++calls;
    return {};
  }

  DecodeRegisters last;
  unsigned calls = 0;
};

struct Machine {
  Machine(const bridge::Identity& identity, const NaiveBytes& layout)
      : chip(identity, {}, sink, events), model(layout) {
    EXPECT_TRUE(chip.power_on());
  }

  unsigned pick(unsigned count) { return static_cast<unsigned>(random() % count); }
  std::uint32_t value() {
    // Runs of ones and zeros as well as noise, so that locks both hold and open.
    const auto noise = static_cast<std::uint32_t>(random());
    return pick(3) == 0 ? noise & static_cast<std::uint32_t>(random()) & 0x33333333u : noise;
  }
  std::uint8_t offset() {
    constexpr std::uint8_t kJoined[] = {0x10, 0x2c, 0x58, 0x5c, 0x64, 0x70, 0xb4, 0xe4};
    return pick(2) == 0 ? kJoined[pick(std::size(kJoined))] : static_cast<std::uint8_t>(pick(64) * 4);
  }

  // One write to either function; how many tellings it made.
  unsigned write() {
    const unsigned calls = sink.calls;
    const std::uint8_t at = offset();
    const std::uint32_t written = value();
    const unsigned enables = pick(16);
    const bool to_agp = chip.agp_bridge() != nullptr && pick(4) == 0;
    bridge::ConfigFunction& target = to_agp ? *chip.agp_bridge() : static_cast<bridge::ConfigFunction&>(chip);
    NaiveChip& expected = to_agp ? agp_model : model;
    EXPECT_TRUE(target.write(at, written, ByteEnables(enables)));
    expected.write(at, written, enables);
    for (unsigned i = 0; i < 4; ++i)
      EXPECT_EQ(target.read(at) >> (8 * i) & 0xff, expected.byte(at + i)) << std::hex << at + i;
    return sink.calls - calls;
  }
  void reset() {
    EXPECT_TRUE(chip.reset());
    model.reset();
    agp_model.reset();
  }
  void expect_same_registers() {
    for (unsigned i = 0; i < 256; ++i) {
      const auto dword = static_cast<std::uint8_t>(i & 0xfc);
      ASSERT_EQ(chip.read(dword) >> (8 * (i % 4)) & 0xff, model.byte(i)) << std::hex << i;
      if (chip.agp_bridge() == nullptr) continue;
      ASSERT_EQ(chip.agp_bridge()->read(dword) >> (8 * (i % 4)) & 0xff, agp_model.byte(i)) << std::hex << i;
    }
  }

  std::mt19937_64 random{0x440f440b};
  NullEventSink events;
  CheckedSink sink;
  ChipBridge chip;
  NaiveChip model, agp_model{kNaiveAgp};
};

void agree(const bridge::Identity& identity, const NaiveBytes& layout) {
  const unsigned writes = std::getenv("LOWMEG_LONG") != nullptr ? 10'000'000 : 1'000'000;
  Machine machine(identity, layout);
  machine.expect_same_registers();
  for (unsigned i = 0; i < writes && !testing::Test::HasFailure(); ++i) {
    ASSERT_LE(machine.write(), 1u) << "one telling a write";
    ASSERT_EQ(machine.sink.last, machine.chip.decode_registers()) << "write " << i;
    if (machine.pick(30) == 0) machine.reset();
    if (i % 64 == 0) machine.expect_same_registers();
  }
  EXPECT_GT(machine.sink.calls, writes / 10) << "the guest must really change decode";
}

TEST(ChipRegistersModel, AgreesWithThe440bx) {
  agree(bridge::kI440bx, kNaiveBx);
}
TEST(ChipRegistersModel, AgreesWithThe440fx) {
  agree(bridge::kI440fx, kNaiveFx);
}

}  // namespace
}  // namespace lowmeg
