// Rules of single instructions that the layer executes, beside those in the tables of defects and of random
// operands.
#include "vmm/cpu_soft/handlers.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_soft/defect_case.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;

struct HandlerRow {
  const char* rule;
  Mode mode;
  Bytes code;
  std::uint64_t instructions;
  std::int64_t (*probe)(const TestMachine&);
  std::int64_t right;
};

// EBX points at 11223344:55667788 in kData, EAX, ECX and EDX are small.
void expect_right(std::span<const HandlerRow> rows) {
  for (const HandlerRow& row : rows) {
    TestMachine machine(row.mode);
    machine.load(kCode, row.code);
    machine.poke(kData, 0x55667788);
    machine.poke(kData + 4, 0x11223344);
    machine.change([](CpuState& state) {
      state.gpr[kEax] = 1;
      state.gpr[kEcx] = 2;
      state.gpr[kEdx] = 35;
      state.gpr[kEbx] = kData;
    });
    machine.cpu->run(row.instructions);
    EXPECT_EQ(row.probe(machine), row.right) << row.rule;
  }
}

TEST(Handlers, Exchanges) {
  const HandlerRow rows[] = {
      {"CMPXCHG, unequal: EAX is loaded", Mode::kProtected, {0x0f, 0xb1, 0x0b}, 1, reg<kEax>, 0x55667788},
      {"and memory stays", Mode::kProtected, {0x0f, 0xb1, 0x0b}, 1, memory<kData>, 0x55667788},
      {"XADD to memory", Mode::kProtected, {0x0f, 0xc1, 0x0b}, 1, memory<kData>, 0x5566778a},
      {"XADD loads the source", Mode::kProtected, {0x0f, 0xc1, 0x0b}, 1, reg<kEcx>, 0x55667788},
      {"CMPXCHG8B, unequal: EDX:EAX is loaded",
       Mode::kProtected,
       {0x0f, 0xc7, 0x0b},
       1,
       reg<kEdx>,
       0x11223344},
      {"ZF is cleared", Mode::kProtected, {0x39, 0xc0, 0x0f, 0xc7, 0x0b}, 2, flag<eflags::kZf>, 0},
      {"LOCK goes before", Mode::kProtected, {0xf0, 0x0f, 0xc7, 0x0b}, 1, reg<kEax>, 0x55667788},
      {"CMPXCHG8B of a register is #UD", Mode::kProtected, {0x0f, 0xc7, 0xc8}, 2, vector, 6},
  };
  expect_right(rows);
}

TEST(Handlers, BitStrings) {
  const HandlerRow rows[] = {
      {"BTS EDX = 35: bit 3 of the next doubleword",
       Mode::kProtected,
       {0x0f, 0xab, 0x13},
       1,
       memory<kData + 4>,
       0x1122334c},
      {"BTR", Mode::kProtected, {0x0f, 0xb3, 0x03}, 1, memory<kData>, 0x55667788},
      {"BTC", Mode::kProtected, {0x0f, 0xbb, 0x03}, 1, memory<kData>, 0x5566778a},
      {"16 bits: bit 3 of the third word", Mode::kReal, {0x0f, 0xab, 0x17}, 1, memory<kData + 4>, 0x1122334c},
      {"a negative offset goes down",
       Mode::kProtected,
       {0xf7, 0xd8, 0x0f, 0xa3, 0x43, 0x04},
       2,
       flag<eflags::kCf>,
       0},
      {"BT /3 does not exist", Mode::kReal, {0x0f, 0xba, 0xd8, 1}, 2, vector, 6},
  };
  expect_right(rows);
}

TEST(Handlers, AddressSizes) {
  const HandlerRow rows[] = {
      {"XLAT, 32-bit address in 16-bit code", Mode::kReal, {0x67, 0xd7}, 1, reg<kEax>, 0x77},
      {"XLAT, 16-bit address in 32-bit code", Mode::kProtected, {0x67, 0xd7}, 1, reg<kEax>, 0x77},
      {"LOOP by ECX goes to 16 bits of IP", Mode::kReal, {0x67, 0xe2, 0x10}, 1, eip, kCode + 0x13},
      {"LOOPNE, ZF = 1", Mode::kReal, {0x39, 0xc0, 0x67, 0xe0, 0x10}, 2, eip, kCode + 5},
      {"LOOPE, ZF = 1", Mode::kReal, {0x39, 0xc0, 0x67, 0xe1, 0x10}, 2, eip, kCode + 0x15},
      {"JCXZ by CX in 32-bit code", Mode::kProtected, {0x67, 0xe3, 0x10}, 1, eip, kCode + 3},
  };
  expect_right(rows);
}

// The code's last bytes lie in the next page, and an instruction of 16-bit code may wrap to offset 0.
TEST(Handlers, CodeAcrossBoundaries) {
  struct Place {
    Mode mode;
    std::uint32_t eip;
    std::uint32_t after;
  };
  const Place places[] = {{Mode::kReal, 0x8fff, 0x9002},
                          {Mode::kProtected, 0x8ffe, 0x9001},
                          {Mode::kReal, 0xffff, 2},
                          {Mode::kProtected, 0xffff, 0x10002}};
  for (const Place& place : places) {
    TestMachine machine(place.mode);
    const Bytes shl_eax_4{0xc1, 0xe0, 0x04};
    for (std::uint32_t i = 0; i < 3; ++i) {
      const std::uint32_t offset = place.eip + i;
      machine.poke(place.mode == Mode::kReal ? offset & 0xffff : offset, shl_eax_4[i], 1);
    }
    machine.change([&place](CpuState& state) {
      state.eip = place.eip;
      state.gpr[kEax] = 0x123;
    });
    machine.cpu->run(1);
    EXPECT_EQ(machine.gpr(kEax), 0x1230u) << place.eip;
    EXPECT_EQ(machine.state().eip, place.after) << place.eip;
  }
}

// SDM volume 2, WRMSR and RDTSC, and volume 3, section 17.17: the counter goes on from what was written.
TEST(Handlers, TheTimeStampCounterIsARegister) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0x0f, 0x30, 0x0f, 0x32, 0x0f, 0x31});
  machine.change([](CpuState& state) {
    state.gpr[kEcx] = 0x10;
    state.gpr[kEax] = 0xffffffff;
    state.gpr[kEdx] = 6;
  });
  machine.cpu->run(2);
  EXPECT_EQ(machine.gpr(kEdx), 7u);
  EXPECT_EQ(machine.gpr(kEax), 0u);
  machine.cpu->run(1);
  EXPECT_EQ(machine.gpr(kEax), 1u);
  EXPECT_EQ(machine.cpu->instructions(), 3u) << "which the guest cannot write";
}

}  // namespace
}  // namespace vmm::cpu_soft
