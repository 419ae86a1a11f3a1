// The state after RESET, and the state as a value.
#pragma once

#include "vmm/cpu_soft/cpu_state.hpp"
#include "vmm/cpu_soft/processor.hpp"

namespace vmm::cpu_soft {

/// What CPUID's leaf 1 and EDX after RESET say: a Pentium II "Deschutes", the CPU of the 440BX's days.
inline constexpr std::uint32_t kFamilyModelStepping = 0x652;

/// IA32_APIC_BASE: the base FEE00000h and BSP. The enable bit (11) is off, for good: "functionally equivalent
/// to an IA-32 processor without an on-chip APIC", and a P6 cannot set it again until a hardware reset (SDM
/// volume 3, 10.4.3). So CPUID tells of no APIC, and code that reads or writes the register without asking
/// CPUID, which every P6 lets it do, goes on.
inline constexpr std::uint64_t kApicBaseAfterReset = 0xfee00100;

/// Intel SDM volume 3, table 9-1.
CpuState reset_state();
/// The same table's column for INIT: what it leaves as it is comes from the state before.
CpuState init_state(const CpuState& before);

CpuState save(const Processor& processor);
void restore(const CpuState& state, Processor& processor);

}  // namespace vmm::cpu_soft
