// Control registers, CPUID, MSRs, and the coprocessor that is not there.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/reset.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;
using Mode = TestMachine::Mode;
using Stop = CpuSoft::Stop;

// Leaves 0 and 1; all above give leaf 1, so there is no signature at 40000000h and no extended leaf.
TEST(System, CpuidTellsOfAPlainP6) {
  struct Row {
    std::uint32_t leaf, eax, ebx;
  };
  constexpr std::uint32_t genu = 0x756e6547;
  const Row rows[] = {{0, 1, genu},
                      {1, kFamilyModelStepping, 0},
                      {2, kFamilyModelStepping, 0},
                      {0x40000000, kFamilyModelStepping, 0},
                      {0x80000000, kFamilyModelStepping, 0}};
  for (const Row& row : rows) {
    TestMachine machine(Mode::kReal);
    machine.load(kCode, {0x0f, 0xa2});
    machine.change([&row](CpuState& state) { state.gpr[kEax] = row.leaf; });
    machine.cpu->run(1);
    EXPECT_EQ(machine.gpr(kEax), row.eax) << row.leaf;
    EXPECT_EQ(machine.gpr(kEbx), row.ebx) << row.leaf;
    if (row.leaf == 1) {
      EXPECT_EQ(machine.gpr(kEdx), 0x8130u) << "CMOV, CX8, MSR, TSC";
    }
  }
}

struct ControlRow {
  const char* rule;
  Bytes code;
  std::uint32_t eax;
  int vector;
  std::uint32_t cr0;
};

// SDM volume 3, section 2.5, and volume 2 under MOV and LMSW.
TEST(System, ControlRegistersKeepToTheirRules) {
  const ControlRow rows[] = {
      {"MOV CR0", {0x0f, 0x22, 0xc0, 0xf4}, 0x6005003f, -1, 0x6005003f},
      {"ET is wired", {0x0f, 0x22, 0xc0, 0xf4}, 0x00000001, -1, 0x11},
      {"reserved bits are dropped", {0x0f, 0x22, 0xc0, 0xf4}, 0x0000ffc1, -1, 0x11},
      {"NW without CD is #GP", {0x0f, 0x22, 0xc0, 0xf4}, 0x20000011, 13, 0x11},
      {"PG without PE is #GP", {0x0f, 0x22, 0xc0, 0xf4}, 0x80000010, 13, 0x11},
      {"there is no CR5", {0x0f, 0x22, 0xe8, 0xf4}, 0, 6, 0x11},
      {"LMSW loads 4 bits", {0x0f, 0x01, 0xf0, 0xf4}, 0xfffe, -1, 0x1f},
      {"CLTS", {0x0f, 0x01, 0xf0, 0x0f, 0x06, 0xf4}, 0xfffe, -1, 0x17},
      {"CR4: no PAE", {0x0f, 0x22, 0xe0, 0xf4}, 0x20, 13, 0x11},
      {"CR4: TSD", {0x0f, 0x22, 0xe0, 0xf4}, 0x04, -1, 0x11},
      {"SSE is #UD", {0x0f, 0x28, 0xc1, 0xf4}, 0, 6, 0x11},
  };
  for (const ControlRow& row : rows) {
    TestMachine machine(Mode::kProtected);
    machine.load(kCode, row.code);
    machine.change([&row](CpuState& state) { state.gpr[kEax] = row.eax; });
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << row.rule;
    EXPECT_EQ(machine.halted_in(), row.vector) << row.rule;
    EXPECT_EQ(machine.state().cr0, row.cr0) << row.rule;
  }
}

// From real mode to flat protected mode and back, as firmware does it: SDM volume 3, sections 9.9.1
// and 9.9.2.
TEST(System, ModeSwitches) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode, {0x0f, 0x20, 0xc0});                                        // mov eax,cr0
  machine.load(kCode + 3, {0x0c, 0x01, 0x0f, 0x22, 0xc0});                        // or al,1; mov cr0,eax
  machine.load(kCode + 8, {0x66, 0xea, 0x00, 0x80, 0x00, 0x00, 0x08, 0x00});      // jmp dword 8:8000h
  machine.load(kData, {0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8});                      // mov ax,10h; mov ds,ax
  machine.load(kData + 6, {0xa1, 0x00, 0x00, 0x05, 0x00});                        // mov eax,[50000h]
  machine.load(kData + 11, {0xea, 0x00, 0x81, 0x00, 0x00, 0x20, 0x00});           // jmp 20h:8100h
  machine.load(kData + 0x100, {0x0f, 0x20, 0xc2, 0x66, 0x83, 0xe2, 0xfe});        // mov edx,cr0; and edx,-2
  machine.load(kData + 0x107, {0x0f, 0x22, 0xc2, 0xea, 0x00, 0x82, 0x00, 0x00});  // mov cr0,edx; jmp 0:8200h
  machine.load(kData + 0x200, {0xf4});
  machine.poke(0x50000, 0x12345678);
  machine.change([](CpuState& state) { state.gdt = {kGdt, 5 * 8 - 1}; });
  EXPECT_EQ(machine.cpu->run(30), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEax), 0x12345678u);
  const CpuState state = machine.state();
  EXPECT_EQ(state.eip, kData + 0x201);
  EXPECT_EQ(state.cr0, 0x10u);
  EXPECT_EQ(state.segment[kCs].selector, 0);
}

// The test of presence that SDM volume 3, section 9.2, has in mind: FNINIT; FNSTSW.
TEST(System, NoCoprocessorIsFound) {
  TestMachine machine(Mode::kReal);
  machine.load(kCode,
               {0xdb, 0xe3, 0xdf, 0xe0, 0xdd, 0x3e, 0x00, 0x80, 0xf4});  // fninit; fnstsw ax; fnstsw [8000h]
  machine.poke(kData, 0x5a5a);
  EXPECT_EQ(machine.cpu->run(10), Stop::kHalted);
  EXPECT_EQ(machine.gpr(kEax), 0xffffu);
  EXPECT_EQ(machine.peek(kData), 0x5a5au);
}

// SDM volume 3, 10.4.3 and 10.4.4: a P6 whose APIC is off has the register; CPUID does not tell of an APIC.
TEST(System, ApicBaseIsThatOfAnApicThatIsOff) {
  struct Row {
    const char* rule;
    std::uint32_t edx, eax;
    int vector;
    std::uint32_t reads;
  };
  const Row rows[] = {
      {"after RESET", 0, 0xfee00100, -1, 0xfee00100},
      {"the enable bit cannot be set", 0, 0xfee00900, -1, 0xfee00100},
      {"the base moves", 0, 0xfed00900, -1, 0xfed00100},
      {"BSP is a bit like others", 0, 0xfee00000, -1, 0xfee00000},
      {"bit 10 is reserved", 0, 0xfee00500, 13, 0xfee00100},
      {"bits 7:0 too", 0, 0xfee00101, 13, 0xfee00100},
      {"and what lies above 4 GiB", 1, 0xfee00100, 13, 0xfee00100},
  };
  for (const Row& row : rows) {
    TestMachine machine(Mode::kProtected);
    machine.load(kCode, {0x0f, 0x30, 0x31, 0xc0, 0x0f, 0x32, 0xf4});  // wrmsr; xor eax,eax; rdmsr
    machine.change([&row](CpuState& state) {
      state.apic_base = kApicBaseAfterReset;
      state.gpr[kEcx] = 0x1b;
      state.gpr[kEdx] = row.edx;
      state.gpr[kEax] = row.eax;
    });
    EXPECT_EQ(machine.cpu->run(10), Stop::kHalted) << row.rule;
    EXPECT_EQ(machine.halted_in(), row.vector) << row.rule;
    EXPECT_EQ(machine.state().apic_base, row.reads) << row.rule;
    if (row.vector < 0) {
      EXPECT_EQ(machine.gpr(kEax), row.reads) << row.rule;
    }
  }
  TestMachine machine(Mode::kReal);
  machine.cpu->reset();
  EXPECT_EQ(machine.state().apic_base, kApicBaseAfterReset);
}

// The library's RDMSR showed the host's time-stamp counter in MSR 11h and 12h.
TEST(System, NoRegisterShowsTheHost) {
  for (std::uint32_t index : {0x00u, 0x11u, 0x12u, 0x1au, 0x7ffu, 0x800u, 0xffffffffu}) {
    TestMachine machine(Mode::kProtected);
    machine.load(kCode, {0x0f, 0x32, 0xf4});
    machine.change([index](CpuState& state) { state.gpr[kEcx] = index; });
    machine.cpu->run(5);
    EXPECT_EQ(machine.halted_in(), 13) << index;
  }
}

}  // namespace
}  // namespace vmm::cpu_soft
