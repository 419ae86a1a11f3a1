// What a CPU is doing at one moment, for the line that tells a person why a guest does not go on.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/cpu_soft/cpu_state.hpp"

namespace vmm {

/// A value; of either engine.
struct CpuLook {
  enum class Activity {
    kRuns,
    kStuck,          ///< the accelerator works on one instruction and never ends it
    kHalted,         ///< until an interrupt comes
    kHaltedForEver,  ///< with interrupts off
    kWaitsForSipi,
  };

  unsigned cpu = 0;
  Activity activity = Activity::kRuns;
  unsigned code_size = 2;  ///< what addresses have by default: 2, 4 or 8 bytes
  std::uint16_t cs = 0;
  std::uint64_t ip = 0;
  std::array<std::uint64_t, 16> gpr{};       ///< by Gpr, then R8 to R15
  std::array<std::uint64_t, 6> base{};       ///< by SegmentRegister
  std::uint64_t gdt = 0, idt = 0, task = 0;  ///< linear

  std::uint64_t linear_ip() const { return base[kCs] + ip; }
};

}  // namespace vmm
