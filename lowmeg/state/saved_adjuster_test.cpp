#include "lowmeg/state/saved_adjuster.hpp"

#include <gmock/gmock.h>

#include <random>

#include "tests/fakes/golden.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

using fakes::golden;
using fakes::hex;
using fakes::unhex;
using testing::ElementsAreArray;

// `text` so many times, apart by blanks.
std::string times(unsigned count, const std::string& text) {
  std::string all;
  for (unsigned i = 0; i < count; ++i) all += (i ? " " : "") + text;
  return all;
}
const std::string none = "0a 00";

SavedAdjuster with_handle(std::size_t index, const SavedHandle& handle) {
  SavedAdjuster adjuster;
  adjuster.handles[index] = handle;
  return adjuster;
}

TEST(SavedAdjuster, IsTheGoldenBytes) {
  SavedAdjuster vga;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    const std::uint64_t start = 0xc0000 + (i - 1) * 0x4000;
    vga.handles[i] = SavedHandle{100 + i, {start, start + 0x4000}, start + 0x3ff00000, false};
  }
  EXPECT_THAT(encode(vga), ElementsAreArray(golden("adjuster_writable_vga")));
  EXPECT_EQ(decode_adjuster(golden("adjuster_writable_vga")).value(), vga);
  EXPECT_EQ(encode(SavedAdjuster{}), golden("adjuster_empty_base0"));
  EXPECT_EQ(encode(with_handle(0, {})), golden("adjuster_zero_handle_first"));
  EXPECT_EQ(encode_any(SavedAdjuster{}), golden("adjuster_any_empty"));
}

TEST(SavedAdjuster, GoesThereAndBackInEachGoldenFile) {
  const auto names = fakes::golden_names("adjuster_");
  EXPECT_EQ(names.size(), 7u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const bool any = name.starts_with("adjuster_any");
    const auto adjuster = any ? decode_adjuster_any(golden(name)) : decode_adjuster(golden(name));
    ASSERT_TRUE(adjuster) << adjuster.error().what;
    EXPECT_EQ(any ? encode_any(*adjuster) : encode(*adjuster), golden(name));
  }
}

// "Never omitted: handles and its 13 slots. No handle = 0a 00; a handle whose fields are all zero =
// 0a 02 0a 00. A range of 0..0 is dropped."
TEST(SavedAdjuster, WritesEverySlotAndNoZero) {
  EXPECT_EQ(hex(encode(SavedAdjuster{})), "12 1a " + times(13, none));
  EXPECT_EQ(hex(encode(with_handle(0, {}))), "12 1c 0a 02 0a 00 " + times(12, none));
  EXPECT_EQ(hex(encode(with_handle(12, {.remote_handle = 12, .range = {}, .gpa_offset = 0, .is_rom = true}))),
            "12 20 " + times(12, none) + " 0a 06 0a 04 08 0c 20 01");
  EXPECT_EQ(
      hex(encode(with_handle(1, {.remote_handle = 0, .range = {0, 1}, .gpa_offset = 0x80, .is_rom = false}))),
      "12 23 0a 00 0a 09 0a 07 12 02 10 01 18 80 01 " + times(11, none));
  EXPECT_EQ(hex(encode(SavedAdjuster{.base_slot = 300, .handles = {}})), "08 ac 02 12 1a " + times(13, none));
}

TEST(SavedAdjuster, TenThousandRandomStatesGoThereAndBack) {
  std::mt19937_64 random(4);
  // Of any size, and often 0.
  const auto number = [&] { return random() % 4 == 0 ? 0 : random() >> random() % 64; };
  for (int round = 0; round < 10'000; ++round) {
    SavedAdjuster adjuster{.base_slot = static_cast<std::uint32_t>(number()), .handles = {}};
    for (auto& handle : adjuster.handles) {
      if (random() % 3 == 0) continue;
      handle = SavedHandle{
          static_cast<std::uint32_t>(number()), {number(), number()}, number(), random() % 2 == 0};
    }
    ASSERT_EQ(decode_adjuster(encode(adjuster)).value(), adjuster);
    ASSERT_EQ(decode_adjuster_any(encode_any(adjuster)).value(), adjuster);
  }
}

TEST(SavedAdjuster, IsReadLiberally) {
  struct Row {
    std::string bytes;
    SavedAdjuster adjuster;
  };
  const SavedAdjuster at_5{.base_slot = 5, .handles = {}};
  const Row rows[] = {
      {"12 1a " + times(13, none) + " 08 05", at_5},
      {"12 0c " + times(6, none) + " 12 0e " + times(7, none) + " 08 05", at_5},  // two parts are one
      // Unknown fields at each level: of the state, of the array, of an item, of a handle, of its range.
      {"7a 01 00 08 05 12 1a " + times(13, none), at_5},
      {"08 05 12 1c 78 01 " + times(13, none), at_5},
      {"08 05 12 1e 0a 04 7a 02 08 05 " + times(12, none), at_5},
      {"12 21 0a 07 0a 05 7d 00 00 00 00 " + times(12, none), with_handle(0, {})},
      {"12 24 0a 0a 0a 08 12 06 08 01 78 02 10 03 " + times(12, none),
       with_handle(0, {.remote_handle = 0, .range = {1, 3}, .gpa_offset = 0, .is_rom = false})},
      // A handle in two parts is merged, as protobuf has it.
      {"12 24 0a 0a 0a 02 08 01 0a 04 18 02 20 01 " + times(12, none),
       with_handle(0, {.remote_handle = 1, .range = {}, .gpa_offset = 2, .is_rom = true})},
  };
  for (const Row& row : rows) {
    const auto adjuster = decode_adjuster(unhex(row.bytes));
    ASSERT_TRUE(adjuster) << row.bytes << ": " << adjuster.error().what;
    EXPECT_EQ(*adjuster, row.adjuster) << row.bytes;
  }
}

TEST(SavedAdjuster, IsRefusedWithALineThatNamesTheField) {
  struct Row {
    std::string bytes;
    const char* line = "";
  };
  const std::string good = "12 1a " + times(13, none);
  const std::string twelve = " " + times(12, none);
  const Row rows[] = {
      {"", "handles: absent"},
      {"08 05", "handles: absent"},
      {"12 00", "handles: 0 items, where 13 are right"},
      {"12 18 " + times(12, none), "handles: 12 items, where 13 are right"},
      {"12 1c " + times(14, none), "handles: 14 items, where 13 are right"},
      {good + " " + good, "handles: 26 items, where 13 are right"},
      {"0a 01 05 " + good, "base_slot: wire type 2, where 0 is right"},
      {"10 00", "handles: wire type 0, where 2 is right"},
      {"12 1a " + times(12, none) + " 08 00", "handles[12]: wire type 0, where 2 is right"},
      {"12 1c 0a 02 08 00" + twelve, "handles[0]: wire type 0, where 2 is right"},
      {"12 1f " + none + " 0a 05 0a 03 12 01 0a " + times(11, none),
       "handles[1].range.start: wire type 2, where 0 is right"},
      {"12 1e 0a 04 0a 02 10 00" + twelve, "handles[0].range: wire type 0, where 2 is right"},
      {"08 80 80 80 80 80 80 80 80 80 80 00 " + good, "base_slot: a varint of more than 10 bytes"},
      {"12 80 80 80 80 80 80 80 80 80 01 00 00 00 00",
       "handles: the input ends 9223372036854775804 bytes too early"},
      {good + " ff", "the state: the input ends within a varint"},
      {"12 1b " + times(13, none), "handles: the input ends 1 bytes too early"},
      // Values wider than the field, which a stock parser cuts.
      {"08 80 80 80 80 10 " + good, "base_slot: 100000000h is wider than 32 bits"},
      {"12 22 0a 08 0a 06 08 80 80 80 80 10" + twelve,
       "handles[0].remote_handle: 100000000h is wider than 32 bits"},
      {"12 1e 0a 04 0a 02 20 02" + twelve, "handles[0].is_rom: 2h is wider than 1 bit"},
      {"12 27 0a 0d 0a 0b 18 ff ff ff ff ff ff ff ff ff 02" + twelve,
       "handles[0].gpa_offset: a varint of more than 64 bits"},
      {"12 1e 0a 04 0a 02 7b 7c" + twelve, "handles[0].(unknown field): wire type 3 is not supported"},
  };
  for (const Row& row : rows) {
    const auto adjuster = decode_adjuster(unhex(row.bytes));
    ASSERT_FALSE(adjuster) << row.bytes;
    EXPECT_EQ(adjuster.error(), (Error{Errc::kInvalidArgument, row.line, 0})) << row.bytes;
  }
}

// The file of the vectors that ends within a handle.
TEST(SavedAdjuster, IsRefusedWhenItEndsEarly) {
  const Buffer whole = golden("adjuster_write_protected");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_adjuster(Bytes(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace lowmeg::state
