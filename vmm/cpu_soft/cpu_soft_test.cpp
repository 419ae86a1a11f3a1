#include "vmm/cpu_soft/cpu_soft.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/reset.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using testing::kCode;
using testing::TestMachine;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;

// "The first instruction that is fetched and executed following a hardware reset is located at physical
// address FFFFFFF0H." SDM volume 3, section 9.1.4; table 9-1 for the rest.
TEST(CpuSoft, ResetIsAsTheManualHasIt) {
  TestMachine machine(Mode::kReal);
  machine.cpu->reset();
  const CpuState state = machine.state();
  EXPECT_EQ(state.segment[kCs].base + state.eip, 0xfffffff0u);
  EXPECT_EQ(state.segment[kCs].selector, 0xf000);
  EXPECT_EQ(state.gpr[kEdx], kFamilyModelStepping);
  EXPECT_EQ(state.eflags, 2u);
  EXPECT_EQ(state.cr0, 0x60000010u);
  EXPECT_EQ(state.idt.limit, 0xffffu);
}

// Table 9-1 for INIT: all that RESET sets, but CR0's CD and NW are unchanged, and so is the time-stamp
// counter.
TEST(CpuSoft, InitKeepsWhatTheManualSays) {
  constexpr std::uint32_t kCd = 1u << 30, kNw = 1u << 29;
  TestMachine machine(Mode::kReal);
  machine.cpu->reset();
  CpuState fresh = machine.state();
  for (const std::uint32_t kept : {0u, kCd, kNw, kCd | kNw}) {
    CpuState state = fresh;
    state.cr0 = kept | 0x11;  // PE, ET
    state.gpr.fill(0x12345678);
    state.segment[kDs] = {8, 0x1000, 0xffffffff, 0xc93};
    state.idt = {0x5000, 0x3ff};
    state.dr[7] = 0x455;
    state.activity = Activity::kShutdown;
    state.instructions = 1000;
    state.time_stamp_offset = 234;
    state.apic_base = 0xfee00100;
    machine.cpu->set_state(state);
    machine.cpu->init();
    CpuState expected = fresh;
    expected.cr0 = kept | 0x10;
    expected.instructions = 1000;
    expected.time_stamp_offset = 234;
    expected.apic_base = 0xfee00100;
    EXPECT_EQ(machine.state(), expected) << kept;
  }
}

TEST(CpuSoft, RunsAsManyInstructionsAsAskedFor) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode, {0x40, 0xd1, 0xe0, 0x40, 0xeb, 0xfa});  // again: inc ax; shl ax,1; inc ax; jmp again
  EXPECT_EQ(machine.cpu->run(0), Stop::kBudget);
  EXPECT_EQ(machine.state().eip, kCode);
  EXPECT_EQ(machine.cpu->run(1), Stop::kBudget);
  EXPECT_EQ(machine.gpr(kEax), 1u);
  EXPECT_EQ(machine.cpu->run(2), Stop::kBudget);
  EXPECT_EQ(machine.gpr(kEax), 3u);
  EXPECT_EQ(machine.cpu->run(1000), Stop::kBudget);
  EXPECT_EQ(machine.cpu->instructions(), 1003u);
}

TEST(CpuSoft, AStateTakenAndGivenBackChangesNothing) {
  TestMachine whole(Mode::kReal), parted(Mode::kReal);
  for (TestMachine* machine : {&whole, &parted}) {
    machine->load(kCode, {0xd1, 0xd0, 0x13, 0xd8, 0x53, 0x5a, 0x42, 0x0f, 0x31, 0xeb, 0xf5});
  }
  whole.cpu->run(500);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(parted.cpu->run(1), Stop::kBudget);
    parted.cpu->set_state(parted.cpu->state());
  }
  EXPECT_EQ(whole.state(), parted.state());
}

// A device that asks for a stop in the middle of an instruction gets it after that one.
class Stopper final : public PortDevice {
 public:
  explicit Stopper(CpuSoft& cpu) : cpu_(cpu) {}
  std::uint32_t read(std::uint16_t /*port*/, unsigned /*size*/) override { return 0x55; }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t /*value*/) override {
    cpu_.request_stop();
  }

 private:
  CpuSoft& cpu_;
};

TEST(CpuSoft, AStopRequestComesAfterTheInstruction) {
  TestMachine machine(Mode::kReal);
  Stopper stopper(*machine.cpu);
  machine.io.place(0x64, 1, Width::kByte, stopper);
  machine.load(kCode, {0xe6, 0x64, 0x40, 0x40, 0xf4});  // out 64h,al; inc ax; inc ax; hlt
  EXPECT_EQ(machine.cpu->run(100), Stop::kRequested);
  EXPECT_EQ(machine.state().eip, kCode + 2);
  EXPECT_EQ(machine.cpu->run(100), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEax), 2u);
}

// Bytes on both sides of a page boundary, RAM below and nobody above.
TEST(CpuSoft, AccessesThatCrossAPageAreSplit) {
  TestMachine machine(Mode::kProtected);
  machine.poke(0xffffc, 0x44332211);
  machine.load(kCode,
               {0x8b, 0x03, 0x89, 0x0b, 0x8b, 0x13, 0xf4});  // mov eax,[ebx]; mov [ebx],ecx; mov edx,[ebx]
  machine.change([](CpuState& state) {
    state.gpr[kEbx] = 0xffffe;
    state.gpr[kEcx] = 0x88776655;
  });
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEax), 0xffff4433u);
  EXPECT_EQ(machine.gpr(kEdx), 0xffff6655u);
  EXPECT_EQ(machine.peek(0xffffc), 0x66552211u);
}

}  // namespace
}  // namespace vmm::cpu_soft
