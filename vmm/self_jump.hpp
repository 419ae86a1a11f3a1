// Whether an instruction may lead to itself: then a guest that stays there spins, and is not stuck.
//
// Intel SDM volume 2, appendix A: jumps, LOOP and JCXZ. None of them writes memory but far ones, which may
// set a descriptor's accessed bit: of these only one whose target is itself.
#pragma once

#include <cstdint>
#include <span>

namespace vmm {

/// `bytes` start at the instruction; `ip` is its offset in CS.
bool may_jump_to_itself(std::span<const std::uint8_t> bytes, std::uint64_t ip);

}  // namespace vmm
