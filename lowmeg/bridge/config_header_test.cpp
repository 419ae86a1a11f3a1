#include "lowmeg/bridge/config_header.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/recording_event_sink.hpp"

namespace lowmeg::bridge {
namespace {

using testing::HasSubstr;

struct ConfigHeaderTest : testing::Test {
  fakes::RecordingEventSink events;
  ConfigHeader header{kHyperv, events};
};

// "Identity 8086:7192, revision 03, class 060000; 04h always reads 02000006h; otherwise a plain type 0 header
// without BARs: interrupt line and, in bits
// 23:16 of its dword, latency timer are read-write."
TEST_F(ConfigHeaderTest, ReadsAsAPlainHeader) {
  struct Row {
    std::uint8_t offset;
    std::uint32_t at_reset, after_ones;
  };
  const Row rows[] = {
      {0x00, 0x71928086, 0x71928086},
      {0x04, 0x02000006, 0x02000006},
      {0x08, 0x06000003, 0x06000003},
      {0x0c, 0, 0},  // no latency timer here
      {0x10, 0, 0},  // no BARs
      {0x14, 0, 0},
      {0x18, 0, 0},
      {0x1c, 0, 0},
      {0x20, 0, 0},
      {0x24, 0, 0},
      {0x28, 0, 0},
      {0x2c, 0, 0},
      {0x30, 0, 0},
      {0x34, 0, 0},
      {0x38, 0, 0},
      {0x3c, 0x00000000, 0x00ff00ff},
  };
  static_assert(std::size(rows) == 16);
  for (const Row& row : rows) EXPECT_EQ(header.read(row.offset), row.at_reset) << +row.offset;
  for (const Row& row : rows) header.write(row.offset, 0xffffffff, ByteEnables::all());
  for (const Row& row : rows) EXPECT_EQ(header.read(row.offset), row.after_ones) << +row.offset;
  header.reset();
  for (const Row& row : rows) EXPECT_EQ(header.read(row.offset), row.at_reset) << +row.offset;
}

// "The command register stores bits 077Fh (others refused with a warning) though reads do not show it." The
// status half of the dword stores nothing.
TEST_F(ConfigHeaderTest, StoresTheCommandThatItDoesNotShow) {
  struct Row {
    unsigned enables;
    std::uint32_t value;
    std::uint16_t command;
    std::size_t warnings;
  };
  const Row rows[] = {
      {0b1111, 0x00000107, 0x0107, 0}, {0b0001, 0xffffff00, 0x0100, 0}, {0b0010, 0x00000700, 0x0700, 0},
      {0b1100, 0xffff0000, 0x0700, 0}, {0b0011, 0x0000077f, 0x077f, 0}, {0b0001, 0x00000080, 0x0700, 1},
      {0b0010, 0x0000f800, 0x0000, 2}, {0b1111, 0xffffffff, 0x077f, 3}, {0b0000, 0x00000000, 0x077f, 3},
  };
  for (const Row& row : rows) {
    header.write(0x04, row.value, ByteEnables(row.enables));
    EXPECT_EQ(header.state().command, row.command) << row.value;
    EXPECT_EQ(events.count(Severity::kWarning), row.warnings) << row.value;
    EXPECT_EQ(header.read(0x04), 0x02000006u);
  }
  EXPECT_THAT(events.events[0].text, HasSubstr("0080h refused"));
}

TEST_F(ConfigHeaderTest, MergesByByteEnables) {
  header.write(0x0c, 0x00005500, ByteEnables::all());
  header.write(0x3c, 0x00400000, ByteEnables(0b0100));
  header.write(0x3c, 0xff55ffff, ByteEnables(0b1011));  // all but the latency timer
  EXPECT_EQ(header.read(0x3c), 0x004000ffu);
  header.write(0x3c, 0x0000000b, ByteEnables(0b0001));
  header.write(0x3c, 0xff00ff55, ByteEnables(0b1010));  // neither of the two
  EXPECT_EQ(header.read(0x3c), 0x0040000bu);
  EXPECT_EQ(header.state(), (ConfigHeaderState{.command = 0, .latency_timer = 0x40, .interrupt_line = 0x0b}));
}

TEST_F(ConfigHeaderTest, WarnsAtALimitedRate) {
  for (int i = 0; i < 1000; ++i) header.write(0x04, 0x8000, ByteEnables::all());
  EXPECT_EQ(events.events.size(), 14u) << "8, then the 16th, 32nd ... 512th";
}

}  // namespace
}  // namespace lowmeg::bridge
