// The lock of SMRAM, after the 82443BX data sheet (290633), 3.3.21 and 3.3.22.
#include <gmock/gmock.h>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "tests/fakes/recording_decode_sink.hpp"
#include "tests/fakes/recording_event_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// SMRAM 72h: D_OPEN 40, D_CLS 20, D_LCK 10, G_SMRAME 08, C_BASE_SEG 02. ESMRAMC 73h: H_SMRAM_EN 80,
// E_SMERR 40 (write 1 to clear), 38 hard, TSEG_SZ 06, TSEG_EN 01.
struct Smram : testing::TestWithParam<Identity> {
  void write(unsigned offset, unsigned value, unsigned size = 1) {
    ASSERT_TRUE(bridge.write(static_cast<std::uint8_t>(offset & ~3u), value << (8 * (offset % 4)),
                             ByteEnables::of(offset % 4, size)));
  }
  unsigned byte(unsigned offset) {
    return bridge.read(static_cast<std::uint8_t>(offset & ~3u)) >> (8 * (offset % 4)) & 0xff;
  }
  bool is_bx() const { return GetParam().device == kI440bx.device; }
  // What ESMRAMC reads; the 82441FX has none.
  unsigned esmramc(unsigned value) const { return is_bx() ? value : 0; }

  fakes::RecordingDecodeSink sink;
  fakes::RecordingEventSink events;
  ChipBridge bridge{GetParam(), {}, sink, events};
};
INSTANTIATE_TEST_SUITE_P(Chip, Smram, testing::Values(kI440bx, kI440fx),
                         [](const auto& param) { return std::string(param.param.name); });

// "Open, close and lock function only when G_SMRAME is set"; "when D_LCK is set to 1 then D_OPEN is reset to
// 0"; C_BASE_SEG is read-only.
TEST_P(Smram, IsOpenToWritesUntilItIsLocked) {
  struct Row {
    unsigned written, reads;
  };
  const Row rows[] = {
      {0x00, 0x02}, {0xff, 0x3a}, {0x40, 0x42}, {0x48, 0x4a},
      {0x68, 0x6a}, {0x28, 0x2a}, {0x08, 0x0a}, {0x10, 0x02},  // D_LCK without G_SMRAME is not taken
      {0x50, 0x42},                                            // and does not clear D_OPEN
      {0x18, 0x1a},                                            // locks
      {0x58, 0x1a},  // locks, and clears the D_OPEN of the same write
      {0x38, 0x3a},  // locks with D_CLS
  };
  for (const Row& row : rows) {
    ASSERT_TRUE(bridge.reset());
    write(0x72, row.written);
    EXPECT_EQ(byte(0x72), row.reads) << std::hex << row.written;
  }
}

// "D_LCK, D_OPEN, H_SMRAM_EN, TSEG_SZ, TSEG_EN and DRB7 become read-only"; D_CLS and G_SMRAME do not.
TEST_P(Smram, LockedTakesOnlyDClsAndGSmrame) {
  struct Row {
    unsigned written, reads;
  };
  const Row rows[] = {{0x00, 0x12}, {0xff, 0x3a}, {0x40, 0x12}, {0x08, 0x1a},
                      {0x20, 0x32}, {0x28, 0x3a}, {0x10, 0x12}, {0x50, 0x12}};
  write(0x67, 0x10);
  write(0x73, 0x83);
  write(0x72, 0x18);
  for (const Row& row : rows) {
    write(0x72, row.written);
    EXPECT_EQ(byte(0x72), row.reads) << std::hex << row.written;
    write(0x73, ~row.written & 0xff);
    EXPECT_EQ(byte(0x73), esmramc(0xbb)) << std::hex << row.written;
  }
  for (unsigned drb = 0x60; drb < 0x68; ++drb) write(drb, 0x20);
  EXPECT_EQ(byte(0x66), 0x20u) << "DRB0-DRB6 stay writable";
  EXPECT_EQ(byte(0x67), is_bx() ? 0x10u : 0x20u) << "the data sheet names DRB7, the 82441FX's does not";
  ASSERT_TRUE(bridge.write(0x64, 0x33333333, ByteEnables::all()));
  EXPECT_EQ(bridge.read(0x64), is_bx() ? 0x10333333u : 0x33333333u);
  write(0x5a, 0x33);
  EXPECT_EQ(byte(0x5a), 0x33u) << "no lock covers PAM";
}

// "Can only be cleared by a power-on reset", which ours is.
TEST_P(Smram, IsUnlockedByResetAlone) {
  write(0x72, 0x18);
  write(0x72, 0x00);  // G_SMRAME off: still locked
  write(0x72, 0x48);
  EXPECT_EQ(byte(0x72), 0x1au);
  ASSERT_TRUE(bridge.reset());
  EXPECT_EQ(byte(0x72), 0x02u);
  write(0x72, 0x48);
  write(0x67, 0x33);
  write(0x73, 0x87);
  EXPECT_EQ(byte(0x72), 0x4au);
  EXPECT_EQ(byte(0x67), 0x33u);
  EXPECT_EQ(byte(0x73), esmramc(0xbf));
}

// One write that locks and sets other bits: the new values are taken, and then frozen.
TEST_P(Smram, TakesTheOtherBitsOfTheWriteThatLocks) {
  write(0x72, 0x8578, 2);
  EXPECT_EQ(byte(0x72), 0x3au);
  EXPECT_EQ(byte(0x73), esmramc(0xbd));
  write(0x73, 0x00);
  EXPECT_EQ(byte(0x73), esmramc(0xbd));
}

// A write that does not enable 72h neither locks nor opens.
TEST_P(Smram, IsLeftByWritesToItsNeighbours) {
  write(0x72, 0x48);
  ASSERT_TRUE(bridge.write(0x70, 0x001000ff, ByteEnables(0b1011)));
  EXPECT_EQ(byte(0x72), 0x4au);
}

TEST_P(Smram, WarnsOfWhatIsIllegal) {
  write(0x72, 0x48);
  write(0x72, 0x28);
  EXPECT_THAT(events.events, IsEmpty());
  write(0x72, 0x68);
  ASSERT_THAT(events.events, SizeIs(1));
  EXPECT_THAT(events.events[0].text, HasSubstr("D_OPEN together with D_CLS"));
  write(0x72, 0x10);
  ASSERT_THAT(events.events, SizeIs(2));
  EXPECT_THAT(events.events[1].text, HasSubstr("D_LCK without G_SMRAME"));
  for (int i = 0; i < 100; ++i) write(0x72, 0x10);
  EXPECT_THAT(events.events, SizeIs(1 + 11)) << "8 of the second kind, then the 16th, 32nd, 64th";
}

// E_SMERR stays write-1-to-clear under the lock: the data sheet's list does not name it.
TEST(SmramError, IsClearedUnderTheLock) {
  fakes::RecordingDecodeSink sink;
  NullEventSink events;
  ChipBridge bridge(kI440bx, {}, sink, events);
  ChipBridgeState state = bridge.state();
  state.host_bridge.dwords[0x70 / 4] = 0x781a1f00;
  ASSERT_TRUE(bridge.restore(state));
  ASSERT_TRUE(bridge.write(0x70, 0xff000000, ByteEnables(0b1000)));
  EXPECT_EQ(bridge.read(0x70), 0x381a1f00u);
  EXPECT_THAT(sink.calls, SizeIs(1)) << "decode does not depend on it";
}

}  // namespace
}  // namespace lowmeg::bridge
