// The state after RESET, and the state as a value.
#pragma once

#include "vmm/cpu_soft/cpu_state.hpp"
#include "vmm/cpu_soft/processor.hpp"

namespace vmm::cpu_soft {

/// What CPUID's leaf 1 and EDX after RESET say: a Pentium II "Deschutes", the CPU of the 440BX's days.
inline constexpr std::uint32_t kFamilyModelStepping = 0x652;

/// Intel SDM volume 3, table 9-1.
CpuState reset_state();

CpuState save(const Processor& processor);
void restore(const CpuState& state, Processor& processor);

}  // namespace vmm::cpu_soft
