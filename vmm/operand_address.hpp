// Where in memory an instruction's operand lies, for a line that a person reads.
//
// Intel SDM volume 2, tables 2-1 to 2-3, and 3.1.1 for the instructions without ModR/M byte that refer to
// memory. A guess, and no decoder: VEX and EVEX are taken as far as their ModR/M byte, masks and vector
// indices left out.
#pragma once

#include <optional>
#include <span>

#include "vmm/cpu_look.hpp"

namespace vmm {

/// Linear; none for an instruction without such an operand. `bytes` start at the instruction.
std::optional<std::uint64_t> operand_address(std::span<const std::uint8_t> bytes, const CpuLook& look);

}  // namespace vmm
