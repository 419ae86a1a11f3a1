#include "lowmeg/decode/smram.hpp"

#include <gtest/gtest.h>

namespace lowmeg::decode {
namespace {

using enum Accesses;

constexpr unsigned kDOpen = 0x40, kDCls = 0x20, kDLck = 0x10, kGSmrame = 0x08;

DecodeRegisters registers_of(unsigned smram, unsigned esmramc, std::uint8_t drb7 = 8) {
  DecodeRegisters registers;
  registers.smram = static_cast<std::uint8_t>(smram);
  registers.esmramc = static_cast<std::uint8_t>(esmramc);
  registers.drb7 = drb7;
  return registers;
}

// Table 4-4, row by row: LCK, CLS, OPEN, then what a CPU outside SMM and one in SMM reach.
TEST(SmramDecodeControl, IsTable44) {
  struct Row {
    unsigned lck, cls, open;
    Accesses cpu, smm;
  };
  const Row rows[] = {
      {0, 0, 0, kNone, kAll},           {0, 0, kDOpen, kAll, kAll},
      {0, kDCls, 0, kNone, kFetch},     {0, kDCls, kDOpen, kNone, kFetch},  // "invalid": our choice
      {kDLck, 0, 0, kNone, kAll},       {kDLck, 0, kDOpen, kNone, kAll},
      {kDLck, kDCls, 0, kNone, kFetch}, {kDLck, kDCls, kDOpen, kNone, kFetch},
  };
  for (const Row& row : rows) {
    const unsigned bits = row.lck | row.cls | row.open;
    SCOPED_TRACE(bits);
    const DecodeRegisters on = registers_of(bits | kGSmrame, 0x38);
    EXPECT_EQ(smram_accesses(on, View::kCpu), row.cpu);
    EXPECT_EQ(smram_accesses(on, View::kCpuSmm), row.smm);
    // Only the CPU may reach SMM space.
    EXPECT_EQ(smram_accesses(on, View::kBusMaster), kNone);
    // First row of the table: with G_SMRAME = 0 the others do not matter.
    const DecodeRegisters off = registers_of(bits | 0x87, 0xff);
    for (const View view : {View::kCpu, View::kCpuSmm, View::kBusMaster}) {
      EXPECT_EQ(smram_accesses(off, view), kNone);
    }
  }
}

// Tables 4-2 and 4-3: G_SMRAME, H_SMRAM_EN and TSEG_EN to the ranges A, H and T.
TEST(SmramSpaces, AreTables42And43) {
  const SmramSpace none;
  const SmramSpace a{{0xa0000, 0xc0000}, 0xa0000};
  const SmramSpace h{{0x100a0000, 0x10100000}, 0xa0000};
  const SmramSpace t{{0x13fe0000, 0x14000000}, 0x3fe0000};  // 128K below 64M
  struct Row {
    unsigned smram, esmramc;
    SmramSpaces spaces;
  };
  const Row rows[] = {
      {0x02, 0x38, {none, none, none}}, {0x02, 0x39, {none, none, none}}, {0x02, 0xb8, {none, none, none}},
      {0x72, 0xb9, {none, none, none}}, {0x0a, 0x38, {a, none, none}},    {0x0a, 0x39, {a, none, t}},
      {0x0a, 0xb8, {none, h, none}},    {0x0a, 0xb9, {none, h, t}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << std::hex << row.smram << " " << row.esmramc);
    EXPECT_EQ(smram_spaces(registers_of(row.smram, row.esmramc)), row.spaces);
  }
}

// "TSEG_SZ 128K/256K/512K/1M", below TOM; "256M+TOM-size ... 256M+TOM".
TEST(Tseg, TakesTheTopOfDram) {
  struct Row {
    unsigned esmramc;
    std::uint8_t drb7;
    GpaRange dram, seen;
  };
  const Row rows[] = {
      {0x01, 1, {0x7e0000, 0x800000}, {0x107e0000, 0x10800000}},
      {0x03, 1, {0x7c0000, 0x800000}, {0x107c0000, 0x10800000}},
      {0x05, 1, {0x780000, 0x800000}, {0x10780000, 0x10800000}},
      {0x07, 1, {0x700000, 0x800000}, {0x10700000, 0x10800000}},
      {0x07, 0xff, {0x3ff00000, 0x40000000}, {0x4ff00000, 0x50000000}},
      {0x06, 1, {}, {}},
      {0x07, 0, {}, {}},  // no DRAM above 1 MiB to take it from
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << std::hex << row.esmramc << " " << unsigned{row.drb7});
    const DecodeRegisters on = registers_of(kGSmrame, row.esmramc, row.drb7);
    EXPECT_EQ(tseg(on), row.dram);
    EXPECT_EQ(smram_spaces(on).tseg.range, row.seen);
    EXPECT_EQ(smram_spaces(on).tseg.dram, row.dram.start());
    EXPECT_EQ(tseg(registers_of(0, row.esmramc, row.drb7)), GpaRange()) << "without G_SMRAME";
  }
}

}  // namespace
}  // namespace lowmeg::decode
