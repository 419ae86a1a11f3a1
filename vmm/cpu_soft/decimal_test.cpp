// DAA, DAS, AAA, AAS, AAM against the pseudo-code of Intel SDM volume 2, all operands. They are invalid in
// 64-bit mode, so the host cannot be the judge.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft {
namespace {

using namespace testing;

struct Outcome {
  std::uint32_t ax;
  std::uint32_t flags;
};

struct Operation {
  const char* name;
  Bytes code;
  std::uint32_t defined;
  Outcome (*manual)(std::uint32_t ax, bool af, bool cf);
};

std::uint32_t carries(bool af, bool cf) {
  return flag_if(af, eflags::kAf) | flag_if(cf, eflags::kCf);
}

// IF (((AL AND 0FH) > 9) or AF = 1) THEN AL := AL + 6; CF := OldCF or carry; AF := 1 ...
// IF ((old_AL > 99H) or (old_CF = 1)) THEN AL := AL + 60H; CF := 1 ELSE CF := 0
Outcome daa(std::uint32_t ax, bool af, bool cf) {
  const std::uint32_t old_al = ax & 0xff;
  const bool low = (old_al & 0xf) > 9 || af;
  const bool high = old_al > 0x99 || cf;
  const std::uint32_t al = (old_al + (low ? 6 : 0) + (high ? 0x60 : 0)) & 0xff;
  return {(ax & 0xff00) | al, result_flags(al, 1) | carries(low, high)};
}

// The same with subtraction; but CF stays as "AL := AL - 6" left it where the second test fails.
Outcome das(std::uint32_t ax, bool af, bool cf) {
  const std::uint32_t old_al = ax & 0xff;
  const bool low = (old_al & 0xf) > 9 || af;
  const bool high = old_al > 0x99 || cf;
  const bool borrow = low && old_al < 6;
  const std::uint32_t al = (old_al - (low ? 6 : 0) - (high ? 0x60 : 0)) & 0xff;
  return {(ax & 0xff00) | al, result_flags(al, 1) | carries(low, high || borrow)};
}

// AX := AX + 106H; AF := 1; CF := 1 ... AL := AL AND 0FH
Outcome aaa(std::uint32_t ax, bool af, bool /*cf*/) {
  const bool adjust = (ax & 0xf) > 9 || af;
  return {(adjust ? ax + 0x106 : ax) & 0xff0f, carries(adjust, adjust)};
}

// AX := AX - 6; AH := AH - 1; AF := 1; CF := 1 ... AL := AL AND 0FH
Outcome aas(std::uint32_t ax, bool af, bool /*cf*/) {
  const bool adjust = (ax & 0xf) > 9 || af;
  return {(adjust ? ax - 0x106 : ax) & 0xff0f, carries(adjust, adjust)};
}

Outcome aam(std::uint32_t ax, bool /*af*/, bool /*cf*/) {
  const std::uint32_t al = ax & 0xff;
  return {(al / 10) << 8 | al % 10, result_flags(al % 10, 1)};
}

Outcome aad(std::uint32_t ax, bool /*af*/, bool /*cf*/) {
  const std::uint32_t al = ((ax & 0xff) + (ax >> 8) * 10) & 0xff;
  return {al, result_flags(al, 1)};
}

constexpr std::uint32_t kResult = eflags::kSf | eflags::kZf | eflags::kPf;
constexpr std::uint32_t kCarries = eflags::kAf | eflags::kCf;

TEST(Decimal, IsAsThePseudoCodeHasIt) {
  const Operation operations[] = {
      {"DAA", {0x27}, kResult | kCarries, daa}, {"DAS", {0x2f}, kResult | kCarries, das},
      {"AAA", {0x37}, kCarries, aaa},           {"AAS", {0x3f}, kCarries, aas},
      {"AAM", {0xd4, 10}, kResult, aam},        {"AAD", {0xd5, 10}, kResult, aad},
  };
  TestMachine machine(TestMachine::Mode::kReal);
  for (const Operation& operation : operations) {
    machine.load(kCode, operation.code);
    for (std::uint32_t i = 0; i < 4 * 256; ++i) {
      const bool af = (i & 0x100) != 0, cf = (i & 0x200) != 0;
      CpuState state = real_mode_state();
      state.gpr[kEax] = 0x500 | (i & 0xff);
      state.eflags |= carries(af, cf);
      machine.cpu->set_state(state);
      machine.cpu->run(1);
      const Outcome manual = operation.manual(state.gpr[kEax], af, cf);
      const std::string what = fmt::format("{} of {:02x} AF {} CF {}", operation.name, i & 0xff, af, cf);
      EXPECT_EQ(machine.gpr(kEax), manual.ax) << what;
      EXPECT_EQ(machine.state().eflags & operation.defined, manual.flags & operation.defined) << what;
    }
  }
}

struct Division {
  const char* rule;
  Bytes code;
  std::uint32_t eax, edx, ecx;
  std::uint32_t quotient, remainder;  // in EAX and EDX
};

// SDM volume 2, IDIV, table 3-52; ECX is the divisor.
TEST(Decimal, SignedDivision) {
  const Division divisions[] = {
      {"AX by CL", {0xf6, 0xf9}, 0xaaaafff9, 5, 2, 0xaaaafffd, 5},
      {"AL = -128 fits", {0xf6, 0xf9}, 0x80, 5, 0xff, 0x80, 5},
      {"DX:AX by CX", {0x66, 0xf7, 0xf9}, 0xaaaafff9, 0xbbbbffff, 2, 0xaaaafffd, 0xbbbbffff},
      {"EDX:EAX by ECX", {0xf7, 0xf9}, 0xfffffff9, 0xffffffff, 2, 0xfffffffd, 0xffffffff},
      {"-2^31 fits", {0xf7, 0xf9}, 0x80000000, 0xffffffff, 1, 0x80000000, 0},
      {"a remainder has the dividend's sign", {0xf7, 0xf9}, 7, 0, 0xfffffffe, 0xfffffffd, 1},
  };
  TestMachine machine(TestMachine::Mode::kProtected);
  for (const Division& division : divisions) {
    machine.load(kCode, division.code);
    CpuState state = protected_mode_state();
    state.gpr[kEax] = division.eax;
    state.gpr[kEdx] = division.edx;
    state.gpr[kEcx] = division.ecx;
    machine.cpu->set_state(state);
    machine.cpu->run(1);
    EXPECT_EQ(machine.gpr(kEax), division.quotient) << division.rule;
    EXPECT_EQ(machine.gpr(kEdx), division.remainder) << division.rule;
  }
}

}  // namespace
}  // namespace vmm::cpu_soft
