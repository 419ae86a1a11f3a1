#include "lowmeg/state/saved_range.hpp"

#include <gmock/gmock.h>

#include "tests/fakes/golden.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::state {
namespace {

using fakes::hex;
using fakes::unhex;
using testing::SizeIs;

TEST(SavedRange, IsTheGoldenBytes) {
  EXPECT_THAT(fakes::golden_names("range_"), SizeIs(2));
  EXPECT_EQ(encode(SavedRange{0xf0000, 0x100000}), fakes::golden("range_bios"));
  EXPECT_EQ(encode(SavedRange{0, 0x1000}), fakes::golden("range_end_only"));
  EXPECT_EQ(decode_range(fakes::golden("range_bios")).value(), (SavedRange{0xf0000, 0x100000}));
  EXPECT_EQ(decode_range(fakes::golden("range_end_only")).value(), (SavedRange{0, 0x1000}));
}

// "Zero scalars omitted; varints minimal", up to the last bit.
TEST(SavedRange, GoesThereAndBack) {
  const SavedRange rows[] = {{}, {1, 0}, {0x7f, 0x80}, {0x3fff, 0x4000}, {~0ull, ~0ull}, {1ull << 63, 5}};
  for (const SavedRange& row : rows) EXPECT_EQ(decode_range(encode(row)).value(), row);
  EXPECT_EQ(hex(encode(SavedRange{})), "");
  EXPECT_EQ(hex(encode(SavedRange{0x80, ~0ull})), "08 80 01 10 ff ff ff ff ff ff ff ff ff 01");
}

// "Any field order; missing scalars are 0; unknown fields (wire types 0, 1, 2, 5) are skipped."
TEST(SavedRange, IsReadLiberally) {
  struct Row {
    const char* bytes = "";
    SavedRange range;
  };
  const Row rows[] = {
      {"", {0, 0}},
      {"08 05", {5, 0}},
      {"10 06 08 05", {5, 6}},                             // the other way round
      {"08 01 10 06 08 05", {5, 6}},                       // the last one counts
      {"08 85 80 00 10 86 00", {5, 6}},                    // not minimal
      {"18 ff 01 08 05", {5, 0}},                          // unknown: a varint
      {"08 05 19 01 02 03 04 05 06 07 08 10 06", {5, 6}},  // fixed64
      {"1a 03 ff ff ff 08 05", {5, 0}},                    // bytes
      {"08 05 1d 01 02 03 04", {5, 0}},                    // fixed32
      {"f8 ff ff ff 0f 01 08 05", {5, 0}},                 // the highest field number
      {"08 ff ff ff ff ff ff ff ff ff 01", {~0ull, 0}},    // all 64 bits
      {"18 ff ff ff ff ff ff ff ff ff 01 10 06", {0, 6}},  // unknown, all 64 bits
  };
  for (const Row& row : rows) {
    const Result<SavedRange> range = decode_range(unhex(row.bytes));
    ASSERT_TRUE(range) << row.bytes << ": " << range.error().what;
    EXPECT_EQ(*range, row.range) << row.bytes;
  }
}

TEST(SavedRange, IsRefusedWithALineThatNamesTheField) {
  struct Row {
    const char* bytes = "";
    const char* line = "";
  };
  const Row rows[] = {
      {"08", "start: the input ends within a varint"},
      {"80", "the state: the input ends within a varint"},
      {"08 80 80", "start: the input ends within a varint"},
      {"08 80 80 80 80 80 80 80 80 80 80 00", "start: a varint of more than 10 bytes"},
      {"10 80 80 80 80 80 80 80 80 80 02", "end: a varint of more than 64 bits"},
      {"09 00 00 00 00 00 00 00 00", "start: wire type 1, where 0 is right"},
      {"12 00", "end: wire type 2, where 0 is right"},
      {"15 00 00 00 00", "end: wire type 5, where 0 is right"},
      {"1a 05 00 00", "(unknown field): the input ends 3 bytes too early"},
      {"1a 80 80 80 80 80 80 80 80 80 01",
       "(unknown field): the input ends 9223372036854775808 bytes too early"},
      {"19 00 00 00", "(unknown field): the input ends 5 bytes too early"},
      {"1d 00 00 00", "(unknown field): the input ends 1 bytes too early"},
      {"1b 1c", "(unknown field): wire type 3 is not supported"},  // a group
      {"0b 0c", "start: wire type 3, where 0 is right"},
      {"1c", "(unknown field): wire type 4 is not supported"},
      {"1e 00", "(unknown field): wire type 6 is not supported"},
      {"1f 00", "(unknown field): wire type 7 is not supported"},
      {"00 00", "the state: 0 is no field number"},
      {"80 80 80 80 10 00", "the state: 536870912 is no field number"},
      {"88 80 80 80 80 01 00", "the state: 4294967297 is no field number"},  // 1, had it been cut to 32 bits
  };
  for (const Row& row : rows) {
    const Result<SavedRange> range = decode_range(unhex(row.bytes));
    ASSERT_FALSE(range) << row.bytes;
    EXPECT_EQ(range.error(), (Error{Errc::kInvalidArgument, row.line, 0})) << row.bytes;
  }
}

// "A new implementation must refuse a misaligned or inverted one": when it is accepted, not when decoded.
TEST(SavedRange, IsAcceptedWhenItIsARange) {
  EXPECT_EQ(accept(SavedRange{0xf0000, 0x100000}).value(), GpaRange(0xf0000, 0x100000));
  EXPECT_EQ(accept(SavedRange{}).value(), GpaRange());
  EXPECT_EQ(to_saved(GpaRange(0x1000, 0x3000)), (SavedRange{0x1000, 0x3000}));
  struct Row {
    SavedRange range;
    const char* line = "";
  };
  const Row rows[] = {
      {{0xf0001, 0x100000}, "start: f0001h is not page-aligned"},
      {{0xf0000, 0xfffff}, "end: fffffh is not page-aligned"},
      {{0x2000, 0x1000}, "end: 1000h lies below the start, 2000h"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(accept(row.range).error(), (Error{Errc::kInvalidArgument, row.line, 0}));
}

}  // namespace
}  // namespace lowmeg::state
