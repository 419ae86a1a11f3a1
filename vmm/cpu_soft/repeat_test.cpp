// Intel SDM volume 2, REP/REPE/REPNE: a repeated string instruction can be interrupted and resumed.
#include "vmm/cpu_soft/repeat.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;

constexpr std::uint32_t kFrom = 0x20000, kTo = 0x40000;

struct RepeatRow {
  const char* rule;
  Mode mode;
  Bytes code;
  std::uint32_t count;
  std::uint32_t differs_at;  // the byte of kTo that is 1 among zeros
  std::uint32_t ecx, edi;    // when it is done
};

TEST(Repeat, EndsWithTheRegistersOfAnUncutOne) {
  const RepeatRow rows[] = {
      {"MOVSB", Mode::kProtected, {0xf3, 0xa4, 0xf4}, 10000, 0, 0, kTo + 10000},
      {"MOVSD, any REP", Mode::kProtected, {0xf2, 0xa5, 0xf4}, 10000, 0, 0, kTo + 40000},
      {"STOSB, whole pieces", Mode::kProtected, {0xf3, 0xaa, 0xf4}, 8192, 0, 0, kTo + 8192},
      {"INSB", Mode::kProtected, {0xf3, 0x6c, 0xf4}, 9000, 0, 0, kTo + 9000},
      {"REPE CMPSB to the end", Mode::kProtected, {0xf3, 0xa6, 0xf4}, 10000, 20000, 0, kTo + 10000},
      {"REPE CMPSB ended by ZF", Mode::kProtected, {0xf3, 0xa6, 0xf4}, 10000, 5000, 4999, kTo + 5001},
      {"ended on the last of a piece", Mode::kProtected, {0xf3, 0xa6, 0xf4}, 10000, 4095, 5904, kTo + 4096},
      {"REPNE SCASB ended by ZF", Mode::kProtected, {0xf2, 0xae, 0xf4}, 10000, 7000, 2999, kTo + 7001},
      {"REPE SCASB ended at once", Mode::kProtected, {0xf3, 0xae, 0xf4}, 10000, 7000, 9999, kTo + 1},
      {"16-bit addresses count in CX", Mode::kReal, {0xf3, 0xaa, 0xf4}, 0x31388, 0, 0x30000, 0x41388},
      {"67 makes that ECX", Mode::kReal, {0x67, 0xf3, 0xaa, 0xf4}, 5000, 0, 0, kTo + 5000},
  };
  for (const RepeatRow& row : rows) {
    TestMachine machine(row.mode);
    machine.load(kCode, row.code);
    machine.poke(kTo + row.differs_at, 1, 1);
    machine.change([&row](CpuState& state) {
      state.gpr[kEax] = 1;
      state.gpr[kEcx] = row.count;
      state.gpr[kEdx] = 0x300;
      state.gpr[kEsi] = kFrom;
      state.gpr[kEdi] = kTo;
      if (row.mode == Mode::kReal) state.segment[kEs] = {0, 0x10000, 0xffffffff, state.segment[kEs].access};
    });
    EXPECT_EQ(machine.cpu->run(100), Stop::kHalted) << row.rule;
    EXPECT_EQ(machine.gpr(kEcx), row.ecx) << row.rule;
    EXPECT_EQ(machine.gpr(kEdi), row.edi) << row.rule;
  }
}

// Between pieces the registers say what is left, and EIP is at the instruction: an interrupt returns there.
TEST(Repeat, AnInterruptComesBetweenPieces) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0xf3, 0xaa, 0xf4});
  machine.load(kData, {0x46, 0xcf});  // inc esi; iret
  machine.poke(kIdt + 8 * 0x20, kData | std::uint32_t{kCode32} << 16);
  machine.change([](CpuState& state) {
    state.gpr[kEcx] = 3 * kPieceIterations;
    state.gpr[kEdi] = kTo;
    state.eflags |= eflags::kIf;
  });
  EXPECT_EQ(machine.cpu->run(1), Stop::kBudget);
  EXPECT_EQ(machine.state().eip, kCode);
  EXPECT_EQ(machine.gpr(kEcx), 2 * kPieceIterations);
  EXPECT_EQ(machine.gpr(kEdi), kTo + kPieceIterations);
  machine.cpu->set_interrupt_line(CpuSoft::Level::kHigh);
  EXPECT_EQ(machine.cpu->run(1000), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEsi), 1u);
  EXPECT_EQ(machine.gpr(kEcx), 0u);
  EXPECT_EQ(machine.gpr(kEdi), kTo + 3 * kPieceIterations);
}

// Left out of the model: a fault in a later iteration goes back to the start of its piece. But no count is
// lost.
TEST(Repeat, AFaultLeavesTheCountOfItsPiece) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0xf3, 0xaa});
  machine.change([](CpuState& state) {
    state.gpr[kEcx] = 3 * kPieceIterations;
    state.gpr[kEdi] = kTo;
    state.segment[kEs].limit = kTo + kPieceIterations + 10;
  });
  EXPECT_EQ(machine.cpu->run(100), Stop::kHalted);
  EXPECT_EQ(machine.halted_in(), 13);
  EXPECT_EQ(machine.gpr(kEcx), 2 * kPieceIterations);
  EXPECT_EQ(machine.gpr(kEdi), kTo + kPieceIterations);
}

// INS and OUTS are the layer's own: there each iteration stays done.
TEST(Repeat, AFaultInInsLosesNothingOfThePort) {
  TestMachine machine(Mode::kProtected);
  machine.load(kCode, {0xf3, 0x6c});
  machine.change([](CpuState& state) {
    state.gpr[kEcx] = 100;
    state.gpr[kEdx] = 0x300;
    state.gpr[kEdi] = kTo;
    state.segment[kEs].limit = kTo + 9;
  });
  EXPECT_EQ(machine.cpu->run(100), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEcx), 90u);
  EXPECT_EQ(machine.gpr(kEdi), kTo + 10);
}

}  // namespace
}  // namespace vmm::cpu_soft
