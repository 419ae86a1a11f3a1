// Intel SDM volume 3, chapter 6 (protected mode) and section 20.1.4 (real mode).
#include "vmm/cpu_soft/interrupts.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;
using Level = CpuSoft::Level;

constexpr std::uint32_t kFlagsBefore = eflags::kFixed | eflags::kIf | eflags::kZf;
// "For any fault-class exception ... the value pushed for RF is 1" (SDM volume 3, 17.3.1.1).
constexpr std::uint32_t kFaultFlags = kFlagsBefore | eflags::kRf;

// What is on the stack, from the top down, one word (or doubleword) each.
std::vector<std::uint32_t> frame(const TestMachine& machine, unsigned word) {
  std::vector<std::uint32_t> items;
  for (std::uint32_t at = machine.gpr(kEsp); at < kStackTop; at += word)
    items.push_back(machine.peek(at, word));
  return items;
}

struct FrameRow {
  const char* rule;
  Mode mode;
  Bytes code;
  unsigned word;
  int vector;
  std::vector<std::uint32_t> frame;
};

TEST(Interrupts, FramesAreAsTheManualHasThem) {
  const FrameRow rows[] = {
      {"INT n returns behind itself", Mode::kReal, {0xcd, 0x40}, 2, 0x40, {kCode + 2, 0, kFlagsBefore}},
      {"INT3", Mode::kReal, {0xcc}, 2, 3, {kCode + 1, 0, kFlagsBefore}},
      {"#UD returns to the instruction", Mode::kReal, {0x0f, 0x0b}, 2, 6, {kCode, 0, kFlagsBefore}},
      {"#DE of DIV", Mode::kReal, {0xf7, 0xf1}, 2, 0, {kCode, 0, kFlagsBefore}},
      {"#DE of IDIV", Mode::kReal, {0xf7, 0xf9}, 2, 0, {kCode, 0, kFlagsBefore}},
      {"#GP without a code in real mode", Mode::kReal, {0x8b, 0x07}, 2, 13, {kCode, 0, kFlagsBefore}},
      {"INT n", Mode::kProtected, {0xcd, 0x40}, 4, 0x40, {kCode + 2, kCode32, kFlagsBefore}},
      {"#UD has no code", Mode::kProtected, {0x0f, 0x0b}, 4, 6, {kCode, kCode32, kFaultFlags}},
      {"#DE has none", Mode::kProtected, {0xf7, 0xf1}, 4, 0, {kCode, kCode32, kFaultFlags}},
      {"#GP has the selector", Mode::kProtected, {0x8e, 0xd8}, 4, 13, {0x1230, kCode, kCode32, kFaultFlags}},
      {"#GP of the layer has 0", Mode::kProtected, {0xd1, 0x23}, 4, 13, {0, kCode, kCode32, kFaultFlags}},
      {"#NM where EM is set", Mode::kProtected, {0xdb, 0xe3}, 4, 7, {kCode, kCode32, kFaultFlags}},
  };
  for (const FrameRow& row : rows) {
    TestMachine machine(row.mode);
    machine.load(kCode, row.code);
    machine.change([](CpuState& state) {
      state.eflags = kFlagsBefore;
      state.gpr[kEbx] = 0xfffe + 1;
      state.gpr[kEax] = 0x1233;
      state.segment[kDs].limit = 0xfffe;
      state.cr0 |= cr0::kEm;
    });
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << row.rule;
    EXPECT_EQ(machine.halted_in(), row.vector) << row.rule;
    EXPECT_EQ(frame(machine, row.word), row.frame) << row.rule;
    EXPECT_EQ(machine.state().eflags & eflags::kIf, 0u) << row.rule;
  }
}

// A 16-bit gate makes a 16-bit frame, of a 32-bit CPU too; IRET of that size takes it back.
TEST(Interrupts, SixteenBitGates) {
  TestMachine machine(Mode::kProtected);
  machine.poke(kIdt + 8 * 0x40, kData | std::uint32_t{kCode16} << 16);
  machine.poke(kIdt + 8 * 0x40 + 4, 0x8600);
  machine.load(kData, {0xcf});  // iret, in a 16-bit segment
  machine.load(kCode, {0xcd, 0x40, 0xf4});
  EXPECT_EQ(machine.cpu->run(1), Stop::kBudget);
  EXPECT_EQ(machine.gpr(kEsp), kStackTop - 6);
  EXPECT_EQ(machine.state().segment[kCs].selector, kCode16);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.state().eip, kCode + 3);
  EXPECT_EQ(machine.gpr(kEsp), kStackTop);
}

TEST(Interrupts, TheLineIsSampledOnBoundaries) {
  struct Row {
    const char* rule;
    Bytes code;
    std::uint32_t eax;  // INCs done when the handler begins
  };
  const Row rows[] = {
      {"IF = 0 keeps it waiting", {0x40, 0x40, 0x40, 0xfb, 0x40, 0x40}, 4},
      {"STI holds off for one instruction", {0xfb, 0x40, 0x40}, 1},
      {"only if IF was 0", {0xfb, 0xfb, 0x40, 0x40}, 0},
      {"POP SS does too", {0x16, 0xfb, 0x17, 0x40, 0x40}, 1},
      {"STI, CLI leaves no gap", {0xfb, 0xfa, 0x40, 0xfb, 0x40, 0x40}, 2},
      {"POPF does not hold off", {0x68, 0x02, 0x02, 0x9d, 0x40, 0x40}, 0},
  };
  for (const Row& row : rows) {
    TestMachine machine(Mode::kReal);
    machine.load(kCode, row.code);
    machine.cpu->set_interrupt_line(Level::kHigh);
    EXPECT_EQ(machine.cpu->run(20), Stop::kHalted) << row.rule;
    EXPECT_EQ(machine.halted_in(), 0x20) << row.rule;
    EXPECT_EQ(machine.gpr(kEax), row.eax) << row.rule;
    EXPECT_EQ(machine.interrupts.acknowledged, 1u) << row.rule;
  }
}

TEST(Interrupts, HltEndsWithAnInterrupt) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode, {0xfb, 0xf4, 0x40, 0xfa, 0xf4});  // sti; hlt; inc ax; cli; hlt
  machine.load(kData, {0xcf});
  machine.poke(4 * 0x20, kData);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << "still";
  machine.cpu->set_interrupt_line(Level::kHigh);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEax), 1u) << "the handler returns behind HLT";
  machine.cpu->set_interrupt_line(Level::kHigh);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << "IF = 0: nothing wakes it";
  EXPECT_EQ(machine.state().eip, kCode + 5);
}

// The machine may want to see the first interrupt.
class StoppingInterrupt final : public InterruptAcknowledge {
 public:
  std::uint8_t acknowledge() override {
    cpu->set_interrupt_line(Level::kLow);
    cpu->request_stop();
    return 0x20;
  }
  CpuSoft* cpu = nullptr;
};

TEST(Interrupts, AStopAskedForAtAcknowledgeIsKept) {
  TestMachine machine(Mode::kReal);
  StoppingInterrupt interrupts;
  const auto cpu = CpuSoft::create({*machine.memory, machine.io, machine.mmio, interrupts});
  interrupts.cpu = cpu.get();
  CpuState state = real_mode_state();
  state.eflags |= eflags::kIf;
  cpu->set_state(state);
  machine.load(kHandlers + 0x20, {0xeb, 0xfe});  // jmp to itself
  cpu->set_interrupt_line(Level::kHigh);
  EXPECT_EQ(cpu->run(1000), Stop::kRequested);
  EXPECT_EQ(cpu->instructions(), 2u) << "the interrupt and one more";
}

// A line that nobody lowers, and a trap gate, which leaves IF: each delivery counts, so the run ends.
TEST(Interrupts, AStuckLineUsesUpTheBudget) {
  TestMachine machine(Mode::kProtected);
  machine.interrupts.cpu = nullptr;
  machine.poke(kIdt + 8 * 0x20 + 4, 0x8f00);
  machine.change([](CpuState& state) { state.eflags |= eflags::kIf; });
  machine.cpu->set_interrupt_line(Level::kHigh);
  EXPECT_EQ(machine.cpu->run(100), Stop::kBudget);
  EXPECT_EQ(machine.interrupts.acknowledged, 50u) << "each with one instruction of its handler";
}

struct EscalationRow {
  const char* rule;
  std::uint16_t idt_limit;
  std::uint32_t esp;
  std::uint8_t broken_gate;  // its type is 0
  Stop stop;
  int vector;
};

// Table 6-5 and section 6.15, "Interrupt 8": INT 40 of protected mode, with something wrong on the way.
TEST(Interrupts, FaultsInDelivery) {
  const EscalationRow rows[] = {
      {"a gate beyond the limit is #GP", 0x40 * 8 - 1, kStackTop, 0xff, Stop::kHalted, 13},
      {"a gate of type 0 is #GP", 0x7ff, kStackTop, 0x40, Stop::kHalted, 13},
      {"no #GP gate makes a double fault", 13 * 8 - 1, kStackTop, 0xff, Stop::kHalted, 8},
      {"no #DF gate is the end", 8 * 8 - 1, kStackTop, 0xff, Stop::kShutdown, -1},
      {"no stack is the end", 0x7ff, 2, 0xff, Stop::kShutdown, -1},
  };
  for (const EscalationRow& row : rows) {
    TestMachine machine(Mode::kProtected);
    machine.load(kCode, {0xcd, 0x40});
    machine.poke(kIdt + 8 * row.broken_gate + 4, row.broken_gate == 0xff ? 0x8e00 : 0x8000);
    machine.change([&row](CpuState& state) {
      state.idt.limit = row.idt_limit;
      state.gpr[kEsp] = row.esp;
      state.segment[kSs].limit = 0xffff;
    });
    EXPECT_EQ(machine.cpu->run(10), row.stop) << row.rule;
    EXPECT_EQ(machine.halted_in(), row.vector) << row.rule;
    if (row.stop == Stop::kShutdown) {
      EXPECT_EQ(machine.cpu->run(10), Stop::kShutdown) << "until reset";
      machine.cpu->reset();
      EXPECT_EQ(machine.cpu->run(1), Stop::kBudget);
    }
  }
}

// Section 6.13: index * 8, bit 1 for the IDT, bit 0 for an event from outside.
TEST(Interrupts, ErrorCodesNameTheGate) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0xcd, 0x40});
  machine.change([](CpuState& state) { state.idt.limit = 0x40 * 8 - 1; });
  machine.cpu->run(10);
  EXPECT_EQ(machine.peek(machine.gpr(kEsp)), 0x40u * 8 + 2);
  EXPECT_EQ(machine.peek(machine.gpr(kEsp) + 4), kCode) << "a fault returns to the INT";
  EXPECT_TRUE(machine.peek(machine.gpr(kEsp) + 12) & eflags::kRf);

  TestMachine external(Mode::kProtected);
  external.change([](CpuState& state) {
    state.idt.limit = 0x20 * 8 - 1;
    state.eflags |= eflags::kIf;
  });
  external.cpu->set_interrupt_line(Level::kHigh);
  external.cpu->run(10);
  EXPECT_EQ(external.halted_in(), 13);
  EXPECT_EQ(external.peek(external.gpr(kEsp)), 0x20u * 8 + 3);
}

// "A code fetch beyond the limit of CS is #GP", which the library does not look at.
TEST(Interrupts, FetchBeyondTheLimit) {
  TestMachine machine(Mode::kReal);
  machine.change([](CpuState& state) { state.eip = 0x12345; });
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.halted_in(), 13);
}

}  // namespace
}  // namespace vmm::cpu_soft
