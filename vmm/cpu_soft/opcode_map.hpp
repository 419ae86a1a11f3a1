// Which instructions the correction layer looks at, and who handles them.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/cpu_soft/corrections.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {

class OpcodeMap {
 public:
  explicit OpcodeMap(Corrections corrections);

  /// Whether an instruction that begins with this byte needs a look at all.
  bool wants(std::uint8_t first_byte) const { return wanted_[first_byte]; }
  /// The same where DS and SS differ: also all that may use [EBP + disp8].
  bool wants_with_two_segments(std::uint8_t first_byte) const {
    return wanted_with_two_segments_[first_byte];
  }
  /// Null: the library does it right.
  Handler handler(Opcode opcode) const { return handlers_[opcode]; }

 private:
  std::array<Handler, 512> handlers_{};
  std::array<bool, 256> wanted_{};
  std::array<bool, 256> wanted_with_two_segments_{};
};

}  // namespace vmm::cpu_soft
