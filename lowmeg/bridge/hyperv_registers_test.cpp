#include "lowmeg/bridge/hyperv_registers.hpp"

#include <gmock/gmock.h>

#include <array>
#include <map>

#include "tests/fakes/recording_event_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::EndsWith;

struct HypervRegistersTest : testing::Test {
  fakes::RecordingEventSink events;
  HypervRegisters registers{kHyperv, events};
};

enum Answer { kLive, kIgnores, kInvalid };
struct RegisterRow {
  std::uint32_t at_reset, after_ones;
  Answer on_read, on_write;
};
// All that is not an invalid register, at its reset value and after a write of all ones.
const std::map<unsigned, RegisterRow> kRows{
    {0x50, {0, 0, kIgnores, kIgnores}},
    {0x54, {0, 0, kIgnores, kIgnores}},
    {0x58, {0x00000003, 0xffffffff, kLive, kLive}},
    {0x5c, {0x00000000, 0xffffffff, kLive, kLive}},
    {0x60, {0x02020202, 0xffffffff, kLive, kLive}},
    {0x64, {0x00000002, 0xffffffff, kLive, kLive}},
    {0x68, {0, 0, kIgnores, kIgnores}},
    {0x70, {0x38020000, 0x383a0000, kLive, kLive}},
    {0x74, {0, 0, kIgnores, kIgnores}},
    {0x78, {0x380a0000, 0x380a0000, kIgnores, kIgnores}},
    {0x7c, {0, 0, kIgnores, kIgnores}},
    {0x90, {0, 0, kIgnores, kIgnores}},
    {0xa0, {0, 0, kIgnores, kIgnores}},
    {0xa4, {0, 0, kIgnores, kIgnores}},
    {0xa8, {0, 0, kIgnores, kIgnores}},
    {0xb0, {0, 0, kIgnores, kIgnores}},
    {0xb4, {0, 0, kIgnores, kIgnores}},
    {0xb8, {0, 0, kIgnores, kIgnores}},
    {0xbc, {0, 0, kIgnores, kIgnores}},
    {0xd0, {0x00000000, 0xffffffff, kLive, kLive}},
    {0xd4, {0x00000000, 0xffffffff, kLive, kLive}},
    {0xf0, {0, 0, kIgnores, kIgnores}},
    {0xf4, {0, 0, kIgnores, kIgnores}},
    {0xf8, {0x00000f20, 0x00000f20, kIgnores, kInvalid}},
};
// "Any other offset from 40h up: invalid register (reads 0, writes vanish, logged at a limited rate)."
RegisterRow row_of(unsigned offset) {
  const auto row = kRows.find(offset);
  return row == kRows.end() ? RegisterRow{0, 0, kInvalid, kInvalid} : row->second;
}

TEST_F(HypervRegistersTest, ReadAndTakeWhatHyperVHas) {
  for (unsigned offset = 0x40; offset < 0x100; offset += 4) {
    SCOPED_TRACE(testing::Message() << std::hex << offset);
    fakes::RecordingEventSink heard;
    HypervRegisters fresh(kHyperv, heard);
    const RegisterRow row = row_of(offset);
    const auto at = static_cast<std::uint8_t>(offset);
    EXPECT_EQ(fresh.read(at), row.at_reset);
    EXPECT_EQ(heard.events.size(), row.on_read == kInvalid ? 1u : 0u) << heard.text();
    heard.events.clear();
    fresh.write(at, offset == 0x70 ? 0x78ffffff : 0xffffffff, ByteEnables::all());
    if (offset != 0x70) {
      EXPECT_EQ(heard.events.size(), row.on_write == kInvalid ? 1u : 0u) << heard.text();
    }
    EXPECT_EQ(fresh.read(at), row.after_ones);
    fresh.reset(kHyperv);
    EXPECT_EQ(fresh.state(), hyperv_reset_state(kHyperv));
  }
}

TEST_F(HypervRegistersTest, KeepTheirNamesInTheState) {
  const std::uint8_t offsets[] = {0x60, 0x64, 0x58, 0x5c, 0xd0, 0xd4};
  for (const std::uint8_t offset : offsets) registers.write(offset, offset, ByteEnables::all());
  EXPECT_EQ(registers.state(), (HypervRegisterState{0x60, 0x64, 0x58, 0x5c, 0xd0, 0xd4, 0x3802}));
}

// "Writes merge by byte enable."
TEST_F(HypervRegistersTest, MergeByByteEnables) {
  for (const std::uint8_t offset : std::to_array<std::uint8_t>({0x58, 0x5c, 0x60, 0x64, 0xd0, 0xd4})) {
    for (unsigned enables = 0; enables < 16; ++enables) {
      registers.write(offset, 0x11223344, ByteEnables::all());
      registers.write(offset, 0xaabbccdd, ByteEnables(enables));
      const std::uint32_t expected = (enables & 8 ? 0xaa000000u : 0x11000000u) |
                                     (enables & 4 ? 0xbb0000u : 0x220000u) |
                                     (enables & 2 ? 0xcc00u : 0x3300u) | (enables & 1 ? 0xddu : 0x44u);
      EXPECT_EQ(registers.read(offset), expected) << +offset << " " << enables;
    }
  }
}

// "Ignored once bit 4 (lock) is set; else mask to 007Ah, set 3802h, clear bit 14, and refuse bit 6 (open)
// with a warning; a write with any of 8700h warns." Each row on a fresh bridge.
TEST_F(HypervRegistersTest, MaskSmram) {
  struct SmramRow {
    unsigned enables;
    std::uint32_t written, read;
    unsigned warnings;
  };
  const SmramRow rows[] = {
      {0b1111, 0x00000000, 0x38020000, 0},  // the fixed bits stay
      {0b1111, 0x0000ffff, 0x38020000, 0},  // 70h and 71h store nothing
      {0b0011, 0x0000ffff, 0x38020000, 0},  // nor alone
      {0b0100, 0xff080000, 0x380a0000, 0},  // G_SMRAME, byte 72h alone
      {0b0100, 0x00200000, 0x38220000, 0},  // D_CLS
      {0b0100, 0x00100000, 0x38120000, 0},  // D_LCK
      {0b0100, 0x00850000, 0x38020000, 0},  // bits 7, 2, 0 are always clear, without a word
      {0b0100, 0x00400000, 0x38020000, 1},  // D_OPEN refused
      {0b0100, 0x00480000, 0x380a0000, 1},  // ... and the rest taken
      {0b1000, 0x40000000, 0x38020000, 0},  // E_SMERR never set
      {0b1000, 0x80000000, 0x38020000, 1},  // H_SMRAM_EN
      {0b1000, 0x01000000, 0x38020000, 1},  // TSEG_EN
      {0b1000, 0x02000000, 0x38020000, 1},  // TSEG_SZ, each bit
      {0b1000, 0x04000000, 0x38020000, 1}, {0b0100, 0x87000000, 0x38020000, 0},  // not enabled, not written
      {0b1100, 0x87400000, 0x38020000, 2},                                       // both
      {0b1100, 0x783a0000, 0x383a0000, 0},
  };
  for (const SmramRow& row : rows) {
    SCOPED_TRACE(testing::Message() << std::hex << row.written);
    fakes::RecordingEventSink heard;
    HypervRegisters fresh(kHyperv, heard);
    fresh.write(0x70, row.written, ByteEnables(row.enables));
    EXPECT_EQ(fresh.read(0x70), row.read);
    EXPECT_EQ(heard.count(Severity::kWarning), row.warnings) << heard.text();
  }
}

TEST_F(HypervRegistersTest, FreezeSmramOnceLocked) {
  registers.write(0x70, 0x00380000, ByteEnables(0b0100));  // D_CLS, D_LCK, G_SMRAME
  registers.write(0x70, 0x00000000, ByteEnables::all());
  registers.write(0x70, 0xffff0000, ByteEnables::all());
  EXPECT_EQ(registers.read(0x70), 0x383a0000u);
  EXPECT_TRUE(events.events.empty()) << events.text();
  registers.reset(kHyperv);
  registers.write(0x70, 0x00080000, ByteEnables::all());
  EXPECT_EQ(registers.read(0x70), 0x380a0000u);
}

// What a guest repeats fills no log, and what was not told is counted.
TEST_F(HypervRegistersTest, LimitEachKindOfEvent) {
  for (int i = 0; i < 1000; ++i) {
    registers.read(0x40);
    registers.write(0x70, 0x80400000, ByteEnables::all());
  }
  constexpr std::size_t kKinds = 3, kTold = 14;  // the first 8, then the 16th, 32nd ... 512th
  EXPECT_EQ(events.events.size(), kKinds * kTold);
  for (const char* start :
       {"read of invalid register 40h", "SMRAM: unsupported bits 8000h", "SMRAM: opening"}) {
    std::vector<std::string> told;
    for (const Event& event : events.events) {
      if (event.text.starts_with(start)) told.push_back(event.text);
      EXPECT_EQ(event.room, "bridge");
    }
    ASSERT_FALSE(told.empty()) << start;
    EXPECT_THAT(told.back(), EndsWith("(and 255 like it before that were not told)"));
  }
  registers.write(0x44, 0, ByteEnables::all());  // one count for reads and writes
  EXPECT_EQ(events.events.size(), kKinds * kTold);
}

}  // namespace
}  // namespace lowmeg::bridge
