// REP string instructions in pieces, so that interrupts, budgets and stop requests get their turn. Intel SDM
// volume 2, REP: "these instructions can be interrupted ... the string instruction is resumed". The library
// executes the pieces; between them EIP is at the instruction and the registers are as the SDM has them.
#pragma once

#include "vmm/cpu_soft/processor.hpp"

namespace vmm::cpu_soft {

/// Iterations in a piece.
inline constexpr std::uint32_t kPieceIterations = 4096;

/// Shortens the count to one piece; the instruction's registers have been put away for the case of a fault.
void begin_piece(Processor& processor);
/// After a piece: the true count, and EIP back on the instruction if there is more to do.
void end_piece(Processor& processor);

}  // namespace vmm::cpu_soft
