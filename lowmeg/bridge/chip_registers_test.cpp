// What a guest reads and writes, byte by byte. The tables here are of their own: they are not made from the
// register tables that they check.
#include "lowmeg/bridge/chip_registers.hpp"

#include <gmock/gmock.h>

#include <map>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "tests/fakes/recording_decode_sink.hpp"
#include "tests/fakes/recording_event_sink.hpp"

namespace lowmeg::bridge {
namespace {

using ByteMap = std::map<unsigned, unsigned>;  // by offset; a byte that is not here is 00

// The four functions: a bridge each, as a guest sees it.
struct Function {
  Function(const Identity& identity, Agp agp = Agp::kPresent)
      : bridge(identity, {.agp = agp}, sink, events), target(&bridge) {}

  unsigned byte(unsigned offset) {
    return target->read(static_cast<std::uint8_t>(offset & ~3u)) >> (8 * (offset % 4)) & 0xff;
  }
  void write(unsigned offset, unsigned value, unsigned size = 1) {
    ASSERT_TRUE(target->write(static_cast<std::uint8_t>(offset & ~3u), value << (8 * (offset % 4)),
                              ByteEnables::of(offset % 4, size)));
  }
  ByteMap bytes() {
    ByteMap result;
    for (unsigned offset = 0; offset < 256; ++offset) {
      if (byte(offset) != 0) result[offset] = byte(offset);
    }
    return result;
  }

  fakes::RecordingDecodeSink sink;
  fakes::RecordingEventSink events;
  ChipBridge bridge;
  ConfigFunction* target;
};

struct AgpFunction : Function {
  AgpFunction() : Function(kI440bx) { target = bridge.agp_bridge(); }
};

// The defaults of the 82443BX: "DID 7190; PCISTS 0210 with AGP; 71h reads 1Fh; DRB 01h each ...".
const ByteMap kBxDefaults{
    {0x00, 0x86}, {0x01, 0x80}, {0x02, 0x90}, {0x03, 0x71}, {0x04, 0x06}, {0x06, 0x10}, {0x07, 0x02},
    {0x08, 0x03}, {0x0b, 0x06}, {0x10, 0x08}, {0x34, 0xa0}, {0x50, 0x04}, {0x58, 0x03}, {0x60, 0x01},
    {0x61, 0x01}, {0x62, 0x01}, {0x63, 0x01}, {0x64, 0x01}, {0x65, 0x01}, {0x66, 0x01}, {0x67, 0x01},
    {0x71, 0x1f}, {0x72, 0x02}, {0x73, 0x38}, {0x7b, 0x38}, {0x90, 0x80}, {0x94, 0x04}, {0x95, 0x61},
    {0x99, 0x05}, {0xa0, 0x02}, {0xa2, 0x10}, {0xa4, 0x03}, {0xa5, 0x02}, {0xa7, 0x1f}, {0xc8, 0x18},
    {0xc9, 0x0c}, {0xf3, 0xf8}, {0xf8, 0x20}, {0xf9, 0x0f},
};
// "82441FX differences: DID 1237; 53h=80h, 57h=01h, 58h=10h, 71h=10h, 90h=00h, 93h reads 00; STS 0280".
const ByteMap kFxDefaults{
    {0x00, 0x86}, {0x01, 0x80}, {0x02, 0x37}, {0x03, 0x12}, {0x04, 0x06}, {0x06, 0x80},
    {0x07, 0x02}, {0x08, 0x02}, {0x0b, 0x06}, {0x53, 0x80}, {0x57, 0x01}, {0x58, 0x10},
    {0x60, 0x01}, {0x61, 0x01}, {0x62, 0x01}, {0x63, 0x01}, {0x64, 0x01}, {0x65, 0x01},
    {0x66, 0x01}, {0x67, 0x01}, {0x71, 0x10}, {0x72, 0x02},
};
const ByteMap kAgpDefaults{
    {0x00, 0x86}, {0x01, 0x80}, {0x02, 0x91}, {0x03, 0x71}, {0x06, 0x20}, {0x07, 0x02},
    {0x08, 0x03}, {0x0a, 0x04}, {0x0b, 0x06}, {0x0e, 0x01}, {0x1c, 0xf0}, {0x1e, 0xa0},
    {0x1f, 0x02}, {0x20, 0xf0}, {0x21, 0xff}, {0x24, 0xf0}, {0x25, 0xff}, {0x3e, 0x80},
};

// The bits that a write changes, byte by byte, on a fresh chip.
const ByteMap kBxWritable{
    {0x04, 0x40}, {0x05, 0x01}, {0x0d, 0xf8}, {0x13, 0xf0}, {0x2c, 0xff}, {0x2d, 0xff}, {0x2e, 0xff},
    {0x2f, 0xff}, {0x50, 0xe8}, {0x51, 0x8f}, {0x52, 0x07}, {0x53, 0xff}, {0x57, 0x1f}, {0x58, 0x03},
    {0x59, 0x30}, {0x5a, 0x33}, {0x5b, 0x33}, {0x5c, 0x33}, {0x5d, 0x33}, {0x5e, 0x33}, {0x5f, 0x33},
    {0x60, 0xff}, {0x61, 0xff}, {0x62, 0xff}, {0x63, 0xff}, {0x64, 0xff}, {0x65, 0xff}, {0x66, 0xff},
    {0x67, 0xff}, {0x68, 0xc0}, {0x69, 0xff}, {0x6a, 0xff}, {0x6b, 0xff}, {0x6c, 0xff}, {0x6d, 0xff},
    {0x72, 0x78}, {0x73, 0x87}, {0x74, 0xff}, {0x75, 0xff}, {0x76, 0xff}, {0x77, 0x03}, {0x78, 0x0f},
    {0x79, 0xff}, {0x7a, 0xf5}, {0x7b, 0xff}, {0x7c, 0x1f}, {0x90, 0xff}, {0xa8, 0x03}, {0xa9, 0x03},
    {0xb0, 0x80}, {0xb1, 0xa0}, {0xb4, 0x3f}, {0xb9, 0xf0}, {0xba, 0xff}, {0xbb, 0xff}, {0xca, 0xff},
    {0xcb, 0xff}, {0xcc, 0x7f}, {0xd0, 0xff}, {0xd1, 0xff}, {0xd2, 0xff}, {0xd3, 0xff}, {0xd4, 0xff},
    {0xd5, 0xff}, {0xd6, 0xff}, {0xd7, 0xff}, {0xe0, 0xff}, {0xe1, 0xff}, {0xe2, 0xff}, {0xe3, 0xff},
    {0xe4, 0xff}, {0xe5, 0x3f}, {0xe7, 0xff}, {0xe8, 0xff}, {0xe9, 0xff}, {0xea, 0xff}, {0xeb, 0xff},
    {0xec, 0xff}, {0xed, 0x3f}, {0xf0, 0xc0}, {0xf1, 0x03},
};
const ByteMap kFxWritable{
    {0x04, 0x40}, {0x05, 0x01}, {0x0d, 0xf8}, {0x50, 0xf4}, {0x51, 0xc3}, {0x52, 0xff}, {0x53, 0xff},
    {0x54, 0x82}, {0x55, 0xff}, {0x56, 0xff}, {0x57, 0x77}, {0x58, 0x7f}, {0x59, 0x30}, {0x5a, 0x33},
    {0x5b, 0x33}, {0x5c, 0x33}, {0x5d, 0x33}, {0x5e, 0x33}, {0x5f, 0x33}, {0x60, 0xff}, {0x61, 0xff},
    {0x62, 0xff}, {0x63, 0xff}, {0x64, 0xff}, {0x65, 0xff}, {0x66, 0xff}, {0x67, 0xff}, {0x68, 0xc0},
    {0x70, 0xf8}, {0x71, 0x1f}, {0x72, 0x78}, {0x90, 0x1b},
};
const ByteMap kAgpWritable{
    {0x04, 0x1f}, {0x05, 0x01}, {0x0d, 0xf8}, {0x19, 0xff}, {0x1a, 0xff}, {0x1b, 0xf8},
    {0x1c, 0xf0}, {0x1d, 0xf0}, {0x20, 0xf0}, {0x21, 0xff}, {0x22, 0xf0}, {0x23, 0xff},
    {0x24, 0xf0}, {0x25, 0xff}, {0x26, 0xf0}, {0x27, 0xff}, {0x3e, 0xed},
};

unsigned at(const ByteMap& bytes, unsigned offset) {
  const auto found = bytes.find(offset);
  return found == bytes.end() ? 0 : found->second;
}

TEST(ChipDefaults, AreTheDataSheets) {
  EXPECT_EQ(Function(kI440bx).bytes(), kBxDefaults);
  EXPECT_EQ(Function(kI440fx).bytes(), kFxDefaults);
  EXPECT_EQ(AgpFunction().bytes(), kAgpDefaults);
}

// "7192 when AGP strapped off (PMCR[1]=1)"; "PCISTS 0200 without"; "CAPPTR 00 without AGP"; "ACAPID 0 without
// AGP"; and no device 1.
TEST(ChipDefaults, WithoutAgp) {
  ByteMap expected = kBxDefaults;
  expected[0x02] = 0x92;
  expected[0x7a] = 0x02;
  for (const unsigned offset : {0x06u, 0x10u, 0x34u, 0xa0u, 0xa2u, 0xa4u, 0xa5u, 0xa7u})
    expected.erase(offset);
  Function function(kI440bx, Agp::kStrappedOff);
  EXPECT_EQ(function.bytes(), expected);
  EXPECT_EQ(function.bridge.agp_bridge(), nullptr);
  EXPECT_EQ(function.bridge.identity().device, 0x7192);
  for (const unsigned offset : {0x10u, 0xa8u, 0xb0u, 0xb4u, 0xb8u}) {
    function.write(offset, 0xffffffff, 4);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(function.byte(offset + i), 0u) << std::hex << offset + i;
  }
}

// Each byte alone, on a fresh chip: all ones, then all zeros.
template <typename Make>
void expect_masks(Make make, const ByteMap& defaults, const ByteMap& writable) {
  for (unsigned offset = 0; offset < 256; ++offset) {
    const unsigned reset = at(defaults, offset), mask = at(writable, offset);
    for (const unsigned value : {0xffu, 0x00u, 0x5au}) {
      auto function = make();
      function->write(offset, value);
      unsigned expected = (reset & ~mask) | (value & mask);
      if (mask == 0x78 && value == 0xff) expected = 0x3a;  // D_LCK clears D_OPEN
      if (mask == 0x78 && value == 0x5a) expected = 0x1a;
      ByteMap bytes = defaults;
      bytes.erase(offset);
      if (expected != 0) bytes[offset] = expected;
      EXPECT_EQ(function->bytes(), bytes) << std::hex << "byte " << offset << " = " << value;
    }
  }
}

TEST(ChipWrites, ReachJustTheWritableBits) {
  expect_masks([] { return std::make_unique<Function>(kI440bx); }, kBxDefaults, kBxWritable);
  expect_masks([] { return std::make_unique<Function>(kI440fx); }, kFxDefaults, kFxWritable);
  expect_masks([] { return std::make_unique<AgpFunction>(); }, kAgpDefaults, kAgpWritable);
}

// Words and dwords merge by their byte enables: "DRAMT sits in the same dword, so a byte-enable-exact merge
// is needed".
TEST(ChipWrites, MergeByteForByte) {
  struct Row {
    unsigned offset, size;
    std::uint32_t value;
    std::uint32_t dword_58, dword_5c;
  };
  const Row rows[] = {
      {0x59, 1, 0x30, 0x00003003, 0},       {0x5a, 2, 0x2211, 0x22110003, 0},
      {0x58, 4, 0x11223302, 0x11223002, 0}, {0x59, 2, 0x3310, 0x00331003, 0},
      {0x5c, 4, 0xffffffff, 3, 0x33333333}, {0x5e, 2, 0x1234, 3, 0x12300000},
      {0x5d, 1, 0xff, 3, 0x00003300},
  };
  for (const Row& row : rows) {
    for (const Identity& identity : {kI440bx, kI440fx}) {
      Function function(identity);
      function.write(0x58, 0x03);
      function.write(row.offset, row.value, row.size);
      EXPECT_EQ(function.bridge.read(0x58), row.dword_58) << std::hex << row.offset;
      EXPECT_EQ(function.bridge.read(0x5c), row.dword_5c) << std::hex << row.offset;
    }
  }
}

// Bits that are cleared by writing 1. Nothing sets them, so they come with a restored state.
TEST(ChipWrites, ClearErrorBitsByWriting1) {
  struct Row {
    const Identity& identity;
    unsigned offset;
    std::uint32_t bits, fixed;  // of the dword
  };
  const Row rows[] = {
      {kI440bx, 0x04, 0xf0000000, 0x02100006}, {kI440fx, 0x04, 0xf9000000, 0x02800006},
      {kI440bx, 0x80, 0x00000003, 0},          {kI440bx, 0x90, 0x001f1100, 0x80},
      {kI440fx, 0x90, 0x00001100, 0},          {kI440bx, 0x70, 0x40000000, 0x38021f00},
  };
  for (const Row& row : rows) {
    Function function(row.identity);
    ChipBridgeState state = function.bridge.state();
    const auto offset = static_cast<std::uint8_t>(row.offset);
    state.host_bridge.dwords[dword_of(offset)] |= row.bits;
    ASSERT_TRUE(function.bridge.restore(state)) << std::hex << row.offset;
    ASSERT_EQ(function.bridge.read(offset), row.bits | row.fixed);
    ASSERT_TRUE(function.bridge.write(offset, row.fixed, ByteEnables::all()));
    EXPECT_EQ(function.bridge.read(offset), row.bits | row.fixed) << "writing 0 keeps them";
    ASSERT_TRUE(function.bridge.write(offset, row.fixed | row.bits, ByteEnables(0)));
    EXPECT_EQ(function.bridge.read(offset), row.bits | row.fixed) << "no byte enabled";
    const std::uint32_t lowest = row.bits & ~(row.bits - 1);
    ASSERT_TRUE(function.bridge.write(offset, row.fixed | lowest, ByteEnables::all()));
    EXPECT_EQ(function.bridge.read(offset), row.fixed | (row.bits & ~lowest));
    ASSERT_TRUE(function.bridge.write(offset, row.fixed | row.bits, ByteEnables::all()));
    EXPECT_EQ(function.bridge.read(offset), row.fixed);
  }
}

// "SVID, SID: write once, per byte", also when the first write is of zero; a reset allows another.
TEST(ChipWrites, OnceToTheSubsystemId) {
  Function function(kI440bx);
  function.write(0x2d, 0x00);
  function.write(0x2c, 0x11223344, 4);
  EXPECT_EQ(function.bridge.read(0x2c), 0x11220044u);
  function.write(0x2c, 0xffffffff, 4);
  EXPECT_EQ(function.bridge.read(0x2c), 0x11220044u);
  ASSERT_TRUE(function.bridge.reset());
  EXPECT_EQ(function.bridge.read(0x2c), 0u);
  function.write(0x2c, 0x8086, 2);
  function.write(0x2e, 0x7190, 2);
  EXPECT_EQ(function.bridge.read(0x2c), 0x71908086u);
}

// "Bits 27:22 of APBASE are controlled by bits 5:0 of APSIZE": 0 there forces 0 here, for good.
TEST(ChipWrites, TheApertureBaseAsItsSizeAllows) {
  struct Row {
    unsigned apsize;
    std::uint32_t apbase;  // after writing all ones
  };
  const Row rows[] = {{0x00, 0xf0000008}, {0x20, 0xf8000008}, {0x30, 0xfc000008}, {0x38, 0xfe000008},
                      {0x3c, 0xff000008}, {0x3e, 0xff800008}, {0x3f, 0xffc00008}, {0xff, 0xffc00008}};
  for (const Row& row : rows) {
    Function function(kI440bx);
    function.write(0xb4, row.apsize);
    function.write(0x10, 0xffffffff, 4);
    EXPECT_EQ(function.bridge.read(0x10), row.apbase) << row.apsize;
    function.write(0xb4, 0x20);
    EXPECT_EQ(function.bridge.read(0x10), row.apbase & 0xf8000008u);
    function.write(0xb4, 0x3f);
    EXPECT_EQ(function.bridge.read(0x10), row.apbase & 0xf8000008u) << "what was forced to 0 stays 0";
  }
}

// "Bit 7 of E7h freezes E0-EF": the write that sets it is still taken whole.
TEST(ChipWrites, FreezeTheSdramTiming) {
  Function function(kI440bx);
  function.write(0xe0, 0x44332211, 4);
  function.write(0xe8, 0x88776655, 4);
  function.write(0xe4, 0x8000ffff, 4);
  EXPECT_EQ(function.bridge.read(0xe4), 0x80003fffu);
  for (const unsigned offset : {0xe0u, 0xe4u, 0xe8u, 0xecu}) function.write(offset, 0, 4);
  EXPECT_EQ(function.bridge.read(0xe0), 0x44332211u);
  EXPECT_EQ(function.bridge.read(0xe4), 0x80003fffu);
  EXPECT_EQ(function.bridge.read(0xe8), 0x88776655u);
  EXPECT_EQ(function.bridge.read(0xec), 0u);
  ASSERT_TRUE(function.bridge.reset());
  function.write(0xe0, 0x01);
  EXPECT_EQ(function.byte(0xe0), 0x01u);
}

}  // namespace
}  // namespace lowmeg::bridge
