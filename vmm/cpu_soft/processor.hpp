// What the parts of the correction layer share: the registers, the buses, and the state that the library
// lacks.
#pragma once

#include <cstdint>
#include <limits>

#include "vmm/cpu_soft/bus.hpp"
#include "vmm/cpu_soft/cpu_state.hpp"
#include "vmm/cpu_soft/registers.hpp"
#include "vmm/cpu_soft/repeated_exception.hpp"

namespace vmm::cpu_soft {

/// A REP string instruction of which the library executes a piece at a time.
struct Repeat {
  enum class Phase : std::uint8_t { kIdle, kCut, kPieceRuns };

  Phase phase = Phase::kIdle;
  std::uint32_t eip = 0;                ///< of the instruction
  std::uint32_t rest = 0;               ///< iterations after this piece
  std::uint32_t count_mask = 0;         ///< CX or ECX
  std::uint32_t flags_that_go_on = 0;   ///< for CMPS and SCAS: ZF as it must stay
  std::uint32_t flags_that_matter = 0;  ///< ZF, or 0 where only the count ends it
};

struct Processor {
  Registers registers{};
  Bus bus;

  Activity activity = Activity::kRunning;
  bool paging_requested = false;        ///< the instruction at EIP sets CR0.PG
  std::uint64_t instructions = 0;       ///< executed since power-on
  std::uint64_t time_stamp_offset = 0;  ///< of the time-stamp counter to `instructions`
  /// Interrupts are held off while `instructions` has this value: the shadow of STI and MOV SS.
  std::uint64_t held_off_at = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t apic_base = 0;  ///< the register IA32_APIC_BASE
  Repeat repeat;
  ExceptionWatch exceptions;
};

}  // namespace vmm::cpu_soft
