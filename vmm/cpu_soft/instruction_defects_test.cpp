// What libx86emu 3.5 gets wrong within an instruction. against_host_test.cpp has the same for random
// operands.
#include <gtest/gtest.h>

#include "vmm/cpu_soft/defect_case.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using enum Correction;

TEST(InstructionDefects, ShiftsAndRotates) {
  constexpr std::uint32_t of = eflags::kOf;
  const Defect defects[] = {
      {"the count is masked to 5 bits",
       kShifts,
       Mode::kReal,
       {0xd3, 0xe0},
       operands<1, 33>,
       1,
       reg<kEax>,
       2,
       0},
      {"count 0: flags unaffected",
       kShifts,
       Mode::kReal,
       {0xd3, 0xe0},
       operands<1, 0, of>,
       1,
       flag<of>,
       1,
       0},
      {"SAR by 1 clears OF", kShifts, Mode::kReal, {0xd1, 0xf8}, operands<2, 0, of>, 1, flag<of>, 0, 1},
      {"RCL of a byte: 5 bits, then modulo 9",
       kShifts,
       Mode::kReal,
       {0xd2, 0xd0},
       operands<0x81, 36>,
       1,
       reg<kEax>,
       0x14,
       0x81},
      {"SHLD's count too",
       kDoubleShifts,
       Mode::kProtected,
       {0x0f, 0xa5, 0xd0},
       operands<1, 33>,
       1,
       reg<kEax>,
       2,
       0},
  };
  expect_right_and_wrong(defects);
}

TEST(InstructionDefects, MovesAndArithmetic) {
  constexpr std::uint32_t both = eflags::kSf | eflags::kOf;
  const Defect defects[] = {
      {"CMOVL if SF != OF",
       kConditionalMove,
       Mode::kProtected,
       {0x0f, 0x4c, 0xc1},
       operands<1, 2, both>,
       1,
       reg<kEax>,
       1,
       2},
      {"CMOVGE if SF = OF",
       kConditionalMove,
       Mode::kProtected,
       {0x0f, 0x4d, 0xc1},
       operands<1, 2, both>,
       1,
       reg<kEax>,
       2,
       1},
      {"DAS compares AL as it was with 99h",
       kDecimal,
       Mode::kReal,
       {0x2f},
       operands<0x9a, 0>,
       1,
       reg<kEax>,
       0x34,
       0x94},
      {"AAM's ZF is of AL", kDecimal, Mode::kReal, {0xd4, 10}, operands<20, 0>, 1, flag<eflags::kZf>, 1, 0},
      {"PUSHF stores IOPL",
       kFlagsImage,
       Mode::kReal,
       {0x9c, 0x58},
       operands<0, 0, eflags::kIopl>,
       2,
       reg<kEax>,
       0x3002,
       2},
      {"POPF loads AC, PUSHF stores it",
       kFlagsImage,
       Mode::kReal,
       {0x66, 0x50, 0x66, 0x9d, 0x66, 0x9c, 0x66, 0x58},
       operands<eflags::kAc, 0>,
       4,
       reg<kEax>,
       0x40002,
       2},
  };
  expect_right_and_wrong(defects);
}

void bit_32_of_a_string(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEbx] = kData;
    state.gpr[kEax] = 32;
  });
  machine.poke(kData + 4, 1);
}

void frame_of_an_interrupt(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEsp] = kData;
    state.eflags |= eflags::kId;
  });
  machine.poke(kData, kCode + 1);
  machine.poke(kData + 4, 2, 2);
}

TEST(InstructionDefects, Stack) {
  const Defect defects[] = {
      {"IRET of 16 bits leaves the upper half of EFLAGS",
       kFlagsImage,
       Mode::kReal,
       {0xcf},
       frame_of_an_interrupt,
       1,
       flag<eflags::kId>,
       1,
       0},
      {"POP [ESP] goes by ESP as incremented",
       kPopToMemory,
       Mode::kProtected,
       {0x8f, 0x04, 0x24},
       frame_of_an_interrupt,
       1,
       memory<kData + 4>,
       kCode + 1,
       2},
  };
  expect_right_and_wrong(defects);
}

TEST(InstructionDefects, BitTests) {
  constexpr std::uint32_t cf = eflags::kCf;
  const Defect defects[] = {
      {"an immediate is taken modulo the size",
       kBitTests,
       Mode::kReal,
       {0x0f, 0xba, 0xe0, 16},
       operands<1, 0>,
       1,
       flag<cf>,
       1,
       0},
      {"a register is an offset in bits",
       kBitTests,
       Mode::kProtected,
       {0x0f, 0xa3, 0x03},
       bit_32_of_a_string,
       1,
       flag<cf>,
       1,
       0},
  };
  expect_right_and_wrong(defects);
}

TEST(InstructionDefects, Missing) {
  const Defect defects[] = {
      {"CMPXCHG", kExchange, Mode::kProtected, {0x0f, 0xb1, 0xc8, 0xf4}, operands<5, 9>, 2, vector, -1, 6},
      {"XADD", kExchange, Mode::kProtected, {0x0f, 0xc1, 0xc8, 0xf4}, operands<5, 9>, 2, vector, -1, 6},
      {"CMPXCHG8B",
       kExchange,
       Mode::kProtected,
       {0x0f, 0xc7, 0x0d, 0, 0x80, 0, 0, 0xf4},
       with<kEbx, 7>,
       2,
       memory<kData>,
       7,
       0},
      {"CPUID", kIdentification, Mode::kReal, {0x0f, 0xa2, 0xf4}, operands<0, 0>, 2, vector, -1, 6},
      {"an x87 instruction without an x87",
       kCoprocessor,
       Mode::kReal,
       {0xdb, 0xe3, 0xf4},
       nothing,
       2,
       vector,
       -1,
       6},
  };
  expect_right_and_wrong(defects);
}

void stack_segment_elsewhere(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.segment[kSs].base = kOtherBase;
    state.gpr[kEbp] = kData;
  });
  machine.poke(kData + 4, 0xbad);
  machine.poke(kOtherBase + kData + 4, 0x600d);
}

TEST(InstructionDefects, Addressing) {
  const Defect defects[] = {
      {"[EBP + disp8] is relative to SS",
       kStackSegment,
       Mode::kProtected,
       {0x8b, 0x45, 4},
       stack_segment_elsewhere,
       1,
       reg<kEax>,
       0x600d,
       0xbad},
      {"behind a prefix too",
       kStackSegment,
       Mode::kReal,
       {0x67, 0x66, 0x8b, 0x45, 4},
       stack_segment_elsewhere,
       1,
       reg<kEax>,
       0x600d,
       0xbad},
      {"behind 0F too",
       kStackSegment,
       Mode::kProtected,
       {0x0f, 0xb7, 0x45, 4},
       stack_segment_elsewhere,
       1,
       reg<kEax>,
       0x600d,
       0xbad},
      {"LOOP counts by the address size",
       kAddressSize,
       Mode::kReal,
       {0x67, 0xe2, 0xfe},
       with<kEcx, 0x10000>,
       1,
       reg<kEcx>,
       0xffff,
       0x1ffff},
      {"JECXZ looks at ECX",
       kAddressSize,
       Mode::kReal,
       {0x67, 0xe3, 0x10},
       with<kEcx, 0x10000>,
       1,
       eip,
       kCode + 3,
       kCode + 0x13},
      {"section 2.1.1: a prefix twice is a prefix",
       kRepeatedPrefix,
       Mode::kReal,
       {0x66, 0x66, 0x40},
       with<kEax, 0xffff>,
       1,
       reg<kEax>,
       0x10000,
       0},
  };
  expect_right_and_wrong(defects);
}

void three_words_for_a_port(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEdx] = 0x300;
    state.gpr[kEcx] = 3;
    state.gpr[kEsi] = state.gpr[kEdi] = kData;
    state.segment[kEs].base = kOtherBase;
  });
  machine.poke(kData, 0x11223344);
  machine.poke(kOtherBase + kData, 0x55667788);
}

std::int64_t first_output(const TestMachine& machine) {
  return machine.ports.written.empty() ? -1 : machine.ports.written.front();
}

TEST(InstructionDefects, StringIo) {
  const Defect defects[] = {
      {"INS steps by its size",
       kStringIo,
       Mode::kReal,
       {0xf3, 0x6d},
       three_words_for_a_port,
       1,
       reg<kEdi>,
       kData + 6,
       kData + 3},
      {"OUTS steps by its size",
       kStringIo,
       Mode::kProtected,
       {0xf3, 0x6f},
       three_words_for_a_port,
       1,
       reg<kEsi>,
       kData + 12,
       kData + 3},
      {"OUTS reads DS:SI",
       kStringIo,
       Mode::kReal,
       {0x6e},
       three_words_for_a_port,
       1,
       first_output,
       0x44,
       0x88},
  };
  expect_right_and_wrong(defects);
}

// A divide error, not a signal in the host: SDM volume 2, IDIV and AAM.
TEST(InstructionDefectsDeathTest, DivisionsThatOverflow) {
  struct Row {
    const char* rule;
    Correction correction;
    Bytes code;
    std::uint32_t eax, edx;
  };
  const Row rows[] = {
      {"IDIV of -2^31 by -1, 16 bits", kDivide, {0x66, 0xf7, 0xf9}, 0, 0x8000},
      {"IDIV of -2^63 by -1, 32 bits", kDivide, {0xf7, 0xf9}, 0, 0x80000000},
      {"AAM 0", kDecimal, {0xd4, 0}, 1, 0},
  };
  for (const Row& row : rows) {
    const auto run = [&row](Corrections corrections) {
      TestMachine machine(Mode::kProtected, corrections);
      machine.load(kCode, row.code);
      machine.change([&row](CpuState& state) {
        state.gpr[kEax] = row.eax;
        state.gpr[kEdx] = row.edx;
        state.gpr[kEcx] = 0xffffffff;
      });
      machine.cpu->run(2);
      return machine.halted_in();
    };
    EXPECT_EQ(run(Corrections::all()), 0) << row.rule;
    EXPECT_DEATH(run(Corrections::all().without(row.correction)), "") << row.rule;
  }
}

}  // namespace
}  // namespace vmm::cpu_soft
