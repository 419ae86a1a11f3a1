// The status flags of a result: Intel SDM volume 1, section 3.4.3.1.
#pragma once

#include <bit>
#include <cstdint>

#include "vmm/cpu_soft/bus.hpp"
#include "vmm/cpu_soft/registers.hpp"

namespace vmm::cpu_soft {

/// The sign bit of an operand of `size` bytes.
constexpr std::uint32_t sign_of(unsigned size) {
  return 1u << (8 * size - 1);
}

constexpr std::uint32_t flag_if(bool condition, std::uint32_t flag) {
  return condition ? flag : 0;
}

/// SF, ZF and PF; `result` may have bits above its size.
constexpr std::uint32_t result_flags(std::uint32_t result, unsigned size) {
  return flag_if((result & sign_of(size)) != 0, eflags::kSf) |
         flag_if((result & mask_of(size)) == 0, eflags::kZf) |
         flag_if(std::popcount(result & 0xff) % 2 == 0, eflags::kPf);
}

/// All six of `left` + `right`, operands zero-extended.
constexpr std::uint32_t sum_flags(std::uint32_t left, std::uint32_t right, unsigned size) {
  const std::uint64_t wide = std::uint64_t{left} + right;
  const auto result = static_cast<std::uint32_t>(wide);
  return result_flags(result, size) | flag_if((wide >> (8 * size)) != 0, eflags::kCf) |
         flag_if(((left ^ right ^ result) & 0x10) != 0, eflags::kAf) |
         flag_if(((left ^ result) & (right ^ result) & sign_of(size)) != 0, eflags::kOf);
}

/// All six of `left` - `right`, operands zero-extended.
constexpr std::uint32_t difference_flags(std::uint32_t left, std::uint32_t right, unsigned size) {
  const std::uint32_t result = left - right;
  return result_flags(result, size) | flag_if(left < right, eflags::kCf) |
         flag_if(((left ^ right ^ result) & 0x10) != 0, eflags::kAf) |
         flag_if(((left ^ right) & (left ^ result) & sign_of(size)) != 0, eflags::kOf);
}

}  // namespace vmm::cpu_soft
