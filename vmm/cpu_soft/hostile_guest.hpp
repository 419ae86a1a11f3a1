// For the tests and the fuzzer: any bytes become a CPU state, code and interrupts, and the CPU has to survive
// them.
#pragma once

#include <cstdint>
#include <span>

#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm::cpu_soft::testing {

/// Executes up to `instructions` of what `input` says. It comes back with a defined Stop, or a sanitizer
/// speaks. The same input gives the same state. Uses one machine for all calls: not for several threads.
CpuState run_hostile_guest(std::span<const std::uint8_t> input, std::uint64_t instructions);

}  // namespace vmm::cpu_soft::testing
