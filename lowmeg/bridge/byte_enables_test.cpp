#include "lowmeg/bridge/byte_enables.hpp"

#include <gtest/gtest.h>

namespace lowmeg::bridge {
namespace {

TEST(ByteEnables, MergeJustTheEnabledBytes) {
  struct Row {
    unsigned bits;
    std::uint32_t mask, merged;  // of 11223344h and AABBCCDDh
  };
  const Row rows[] = {
      {0b0000, 0x00000000, 0x11223344}, {0b0001, 0x000000ff, 0x112233dd}, {0b0010, 0x0000ff00, 0x1122cc44},
      {0b0100, 0x00ff0000, 0x11bb3344}, {0b1000, 0xff000000, 0xaa223344}, {0b0011, 0x0000ffff, 0x1122ccdd},
      {0b1100, 0xffff0000, 0xaabb3344}, {0b0110, 0x00ffff00, 0x11bbcc44}, {0b1010, 0xff00ff00, 0xaa22cc44},
      {0b1111, 0xffffffff, 0xaabbccdd},
  };
  for (const Row& row : rows) {
    const ByteEnables enables(row.bits);
    EXPECT_EQ(enables.bits(), row.bits);
    EXPECT_EQ(enables.mask(), row.mask);
    EXPECT_EQ(enables.merge(0x11223344, 0xaabbccdd), row.merged) << row.bits;
    EXPECT_EQ(enables.none(), row.bits == 0);
    EXPECT_EQ(enables.is_all(), row.bits == 15);
  }
  EXPECT_EQ(ByteEnables::all(), ByteEnables(0b1111));
}

TEST(ByteEnables, OfASizeAtAnOffset) {
  struct Row {
    unsigned first, size, bits;
  };
  const Row rows[] = {{0, 1, 0b0001}, {3, 1, 0b1000}, {0, 2, 0b0011},
                      {1, 2, 0b0110}, {2, 2, 0b1100}, {0, 4, 0b1111}};
  for (const Row& row : rows) EXPECT_EQ(ByteEnables::of(row.first, row.size).bits(), row.bits);
}

TEST(ByteEnablesDeathTest, AbortPastTheDword) {
  EXPECT_DEATH(ByteEnables(16), "four byte enables");
  EXPECT_DEATH(ByteEnables::of(3, 2), "four byte enables");
}

}  // namespace
}  // namespace lowmeg::bridge
