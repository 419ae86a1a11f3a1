#include "lowmeg/hyperv/rom_bios_offset.hpp"

#include <gtest/gtest.h>

namespace lowmeg::hyperv {
namespace {

// "The end of the first RAM block - 1 MiB; that block must end strictly below 4 GiB; 2 MiB are the least."
TEST(RomBiosOffset, IsTheLastMebibyteOfTheFirstBlock) {
  struct Row {
    std::uint64_t ram_size;
    Gpa offset;  // 0: refused
    const char* error;
  };
  const Row rows[] = {
      {2 << 20, 1 << 20, ""},
      {64 << 20, 0x3f00000, ""},
      {0xfffff000, 0xffeff000, ""},
      {(2 << 20) - 0x1000, 0, "the first RAM block must hold at least 2 MiB"},
      {0, 0, "the first RAM block must hold at least 2 MiB"},
      {1ull << 32, 0, "the first RAM block must end below 4 GiB"},
      {~0ull, 0, "the first RAM block must end below 4 GiB"},
      {(2 << 20) + 1, 0, "the first RAM block must be whole pages"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.ram_size);
    const Result<Gpa> offset = rom_bios_offset(row.ram_size);
    ASSERT_EQ(offset.has_value(), row.offset != 0);
    if (offset) {
      EXPECT_EQ(*offset, row.offset);
    } else {
      EXPECT_EQ(offset.error(), (Error{Errc::kInvalidArgument, row.error, 0}));
    }
  }
}

}  // namespace
}  // namespace lowmeg::hyperv
