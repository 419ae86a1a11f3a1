// Delivers interrupts and exceptions through the IVT or the IDT: Intel SDM volume 3, chapter 6 and
// section 20.1.4.
//
// Modelled: interrupt and trap gates of 16 and 32 bits, error codes, faults in delivery, the double fault,
// shutdown. Left out: task gates (they are #GP), changes of privilege level and of stack, virtual-8086 mode.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/cpu_soft/processor.hpp"
#include "vmm/cpu_soft/segmentation.hpp"

namespace vmm::cpu_soft {

/// Where an event comes from; it decides over the EXT bit of error codes and over double faults.
enum class Cause : std::uint8_t {
  kInstruction,  ///< INT n, INT3, INTO
  kExternal,     ///< the INTR pin
  kException,
};

struct Event {
  std::uint8_t vector = 0;
  Cause cause = Cause::kException;
  std::optional<std::uint16_t> error_code;  ///< pushed in protected mode only
  std::uint32_t instruction = 0;  ///< of kInstruction: EIP of the INT, where a fault on the way returns to

  static constexpr Event exception(Vector which) {
    return {static_cast<std::uint8_t>(which), Cause::kException, {}};
  }
  static constexpr Event exception(Vector which, std::uint16_t error_code) {
    return {static_cast<std::uint8_t>(which), Cause::kException, error_code};
  }
};

/// Starts the handler for `event`, to return to CS:EIP as they are. A fault on the way is delivered in its
/// place, to return to the instruction, or as a double fault; after one more the processor is shut down.
void deliver(Processor& processor, Event event);

}  // namespace vmm::cpu_soft
