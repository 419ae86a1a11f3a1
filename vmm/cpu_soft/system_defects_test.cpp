// What libx86emu 3.5 gets wrong between instructions, and about the system's registers.
#include <gtest/gtest.h>

#include "vmm/cpu_soft/defect_case.hpp"
#include "vmm/cpu_soft/reset.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;
using enum Correction;

std::int64_t cr0_value(const TestMachine& machine) {
  return machine.state().cr0;
}
std::int64_t cr4_value(const TestMachine& machine) {
  return machine.state().cr4;
}

TEST(SystemDefects, Registers) {
  const Defect defects[] = {
      {"RDMSR of an unknown register is #GP",
       kModelSpecific,
       Mode::kReal,
       {0x0f, 0x32},
       with<kEcx, 0x800>,
       2,
       vector,
       13,
       6},
      {"WRMSR of an unknown register is #GP",
       kModelSpecific,
       Mode::kReal,
       {0x0f, 0x30, 0xf4},
       with<kEcx, 0x7ff>,
       2,
       vector,
       13,
       -1},
      {"RDTSC counts on from what WRMSR wrote",
       kTimeStamp,
       Mode::kReal,
       {0x0f, 0x30, 0x40, 0x0f, 0x31},
       operands<1000, 0x10>,
       3,
       reg<kEax>,
       1002,
       1},
      {"volume 3, 2.5: LMSW cannot clear PE",
       kPaging,
       Mode::kProtected,
       {0x0f, 0x01, 0xf0},
       nothing,
       1,
       cr0_value,
       0x11,
       0},
      {"volume 3, 2.5: reserved bits of CR4 are #GP",
       kPaging,
       Mode::kReal,
       {0x0f, 0x22, 0xe0},
       with<kEax, 0x20>,
       1,
       cr4_value,
       0,
       0x20},
      {"volume 3, 2.5: there is no CR1",
       kPaging,
       Mode::kReal,
       {0x0f, 0x22, 0xc8, 0xf4},
       nothing,
       2,
       vector,
       6,
       -1},
  };
  expect_right_and_wrong(defects);
}

void data_beyond_the_limit(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEbx] = kData;
    state.segment[kDs].limit = kData - 1;
  });
}

void trap_gate_80(TestMachine& machine) {
  machine.change([](CpuState& state) { state.eflags |= eflags::kIf; });
  machine.poke(kIdt + 8 * 0x80 + 4, 0x8f00);
}

TEST(SystemDefects, Faults) {
  const Defect defects[] = {
      {"volume 3, 20.1.4: real mode has no error codes",
       kFaultDelivery,
       Mode::kReal,
       {0x8b, 0x07},
       data_beyond_the_limit,
       2,
       reg<kEsp>,
       kStackTop - 6,
       kStackTop - 10},
      {"volume 3, 6.12.1.3: a trap gate leaves IF",
       kFaultDelivery,
       Mode::kProtected,
       {0xcd, 0x80},
       trap_gate_80,
       2,
       flag<eflags::kIf>,
       1,
       0},
      {"volume 3, 6.5: a fault leaves the registers",
       kFaultRestart,
       Mode::kReal,
       {0xff, 0x37},
       data_beyond_the_limit,
       2,
       reg<kEsp>,
       kStackTop - 6,
       kStackTop - 8},
      {"and the memory",
       kFaultRestart,
       Mode::kReal,
       {0x89, 0x1f},
       data_beyond_the_limit,
       2,
       memory<kData>,
       0,
       kData},
      {"volume 3, 6.15: more than 15 bytes are #GP",
       kInstructionLength,
       Mode::kReal,
       {0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x40, 0xf4},
       nothing,
       3,
       vector,
       13,
       -1},
      {"MOV CS is #UD", kInterruptTiming, Mode::kReal, {0x8e, 0xc8}, nothing, 2, vector, 6, -1},
  };
  expect_right_and_wrong(defects);
}

void interrupt_pending(TestMachine& machine) {
  machine.cpu->set_interrupt_line(CpuSoft::Level::kHigh);
}

void interrupt_taken_at_once(TestMachine& machine) {
  machine.change([](CpuState& state) { state.eflags |= eflags::kIf; });
  interrupt_pending(machine);
}

void string_to_copy(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEsi] = 0x20000;
    state.gpr[kEdi] = 0x30000;
    state.gpr[kEcx] = 10000;
  });
}

TEST(SystemDefects, Interrupts) {
  const Defect defects[] = {
      {"volume 3, 6.6: taken on the boundary before an instruction",
       kInterruptTiming,
       Mode::kReal,
       {0x40, 0x40},
       interrupt_taken_at_once,
       3,
       reg<kEax>,
       0,
       1},
      {"volume 3, 6.8.3: held off after MOV SS",
       kInterruptTiming,
       Mode::kReal,
       {0xfb, 0x8e, 0xd3, 0x40, 0x40},
       interrupt_pending,
       6,
       reg<kEax>,
       1,
       0},
      {"REP can be interrupted",
       kRepeatPieces,
       Mode::kProtected,
       {0xf3, 0xa4},
       string_to_copy,
       1,
       reg<kEcx>,
       10000 - 4096,
       0},
  };
  expect_right_and_wrong(defects);
}

// Without the correction the run ends as if someone had asked for it, and the next one goes on behind HLT.
TEST(SystemDefects, HltWaitsForAnInterrupt) {
  struct Row {
    Corrections corrections;
    Stop first, second;
    std::uint32_t eax;
  };
  const Row rows[] = {
      {Corrections::all(), Stop::kHalted, Stop::kHalted, 0},
      {Corrections::all().without(kHalt), Stop::kRequested, Stop::kBudget, 1},
  };
  for (const Row& row : rows) {
    TestMachine machine(Mode::kReal, row.corrections);
    machine.load(kCode, {0xfb, 0xf4, 0x40});
    EXPECT_EQ(machine.cpu->run(100), row.first);
    EXPECT_EQ(machine.cpu->run(1), row.second);
    EXPECT_EQ(machine.gpr(kEax), row.eax);
  }
}

// Paging is the limit of this CPU: it has to say so. MOV CR0 with PG; EIP stays at it.
TEST(SystemDefects, SettingPagingIsSeen) {
  struct Row {
    Corrections corrections;
    Stop stop;
    std::uint32_t eip;
  };
  const Row rows[] = {
      {Corrections::all(), Stop::kPaging, kCode + 1},
      {Corrections::all().without(kPaging), Stop::kBudget, kCode + 5},
  };
  for (const Row& row : rows) {
    TestMachine machine(Mode::kProtected, row.corrections);
    machine.load(kCode, {0x90, 0x0f, 0x22, 0xc0, 0x90});
    machine.change([](CpuState& state) { state.gpr[kEax] = 0x80000011; });
    EXPECT_EQ(machine.cpu->run(3), row.stop);
    EXPECT_EQ(machine.state().eip, row.eip);
    if (row.stop == Stop::kPaging) {
      EXPECT_EQ(machine.cpu->run(3), Stop::kPaging) << "again";
    }
  }
}

}  // namespace
}  // namespace vmm::cpu_soft
