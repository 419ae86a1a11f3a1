// For the tests of this folder: a defect of libx86emu 3.5 as a row of a table. Each is shown twice: with the
// correction the CPU does what the manual says, without it what the library does. The second half keeps the
// list honest: a version of the library that is right makes it fail.
#pragma once

#include <cstdint>
#include <span>

#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/test_machine.hpp"

namespace vmm::cpu_soft::testing {

struct Defect {
  const char* rule;  ///< what the SDM says: volume 2, under the instruction's name, unless another is named
  Correction correction;
  TestMachine::Mode mode;
  Bytes code;
  void (*set_up)(TestMachine&);
  std::uint64_t instructions;
  std::int64_t (*probe)(const TestMachine&);
  std::int64_t right, wrong;
};

/// EXPECTs both halves of each.
void expect_right_and_wrong(std::span<const Defect> defects);

// Set-ups.
inline void nothing(TestMachine& /*machine*/) {}
template <Gpr which, std::uint32_t value>
void with(TestMachine& machine) {
  machine.change([](CpuState& state) { state.gpr[which] = value; });
}
template <std::uint32_t eax, std::uint32_t ecx, std::uint32_t flags = 0>
void operands(TestMachine& machine) {
  machine.change([](CpuState& state) {
    state.gpr[kEax] = eax;
    state.gpr[kEcx] = ecx;
    state.eflags |= flags;
  });
}

// Probes.
template <Gpr which>
std::int64_t reg(const TestMachine& machine) {
  return machine.gpr(which);
}
template <std::uint32_t mask>
std::int64_t flag(const TestMachine& machine) {
  return (machine.state().eflags & mask) != 0 ? 1 : 0;
}
template <std::uint32_t gpa>
std::int64_t memory(const TestMachine& machine) {
  return machine.peek(gpa);
}
inline std::int64_t eip(const TestMachine& machine) {
  return machine.state().eip;
}
inline std::int64_t vector(const TestMachine& machine) {
  return machine.halted_in();
}

}  // namespace vmm::cpu_soft::testing
