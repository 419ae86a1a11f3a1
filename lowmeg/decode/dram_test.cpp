#include "lowmeg/decode/dram.hpp"

#include <gtest/gtest.h>

namespace lowmeg::decode {
namespace {

// "DRB7: top of memory in units of 8 MB", and the BX ends at 1 GB.
TEST(TopOfMemory, IsDrb7InUnitsOf8MibUpTo1Gib) {
  struct Row {
    std::uint8_t drb7;
    Gpa top;
  };
  const Row rows[] = {{0, 0},          {1, 8 << 20},    {2, 16 << 20},  {0x20, 256 << 20}, {0x7f, 1016 << 20},
                      {0x80, 1 << 30}, {0x81, 1 << 30}, {0xff, 1 << 30}};
  for (const Row& row : rows) {
    DecodeRegisters registers;
    registers.drb7 = row.drb7;
    EXPECT_EQ(top_of_memory(registers), row.top) << unsigned{row.drb7};
  }
}

// "HEN: 00 no hole, 01 512K-640K, 10 15M-16M, 11 reserved"; bits 5:0 mean nothing.
TEST(FixedHole, IsWhatHenSays) {
  struct Row {
    std::uint8_t fdhc;
    GpaRange hole;
  };
  const Row rows[] = {{0x00, {}},
                      {0x3f, {}},
                      {0x40, {0x80000, 0xa0000}},
                      {0x7f, {0x80000, 0xa0000}},
                      {0x80, {0xf00000, 0x1000000}},
                      {0xbf, {0xf00000, 0x1000000}},
                      {0xc0, {}}};
  for (const Row& row : rows) {
    DecodeRegisters registers;
    registers.fdhc = row.fdhc;
    EXPECT_EQ(fixed_hole(registers), row.hole) << unsigned{row.fdhc};
  }
}

}  // namespace
}  // namespace lowmeg::decode
