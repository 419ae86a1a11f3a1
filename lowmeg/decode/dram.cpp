#include "lowmeg/decode/dram.hpp"

#include <algorithm>
#include <array>

namespace lowmeg::decode {
namespace {

constexpr std::uint64_t kRowUnit = 8ull << 20;     // DRB: "granularity of 8 MB"
constexpr std::uint64_t kMostMemory = 1ull << 30;  // figure 4-1: "TOM (1 GB Max.)"

// FDHC 7:6, HEN. 11 is reserved; no hole is our choice.
constexpr std::array<GpaRange, 4> kHoles{{{}, {0x80000, 0xa0000}, {0xf00000, 0x1000000}, {}}};

}  // namespace

Gpa top_of_memory(const DecodeRegisters& registers) {
  return std::min(registers.drb7 * kRowUnit, kMostMemory);
}

GpaRange fixed_hole(const DecodeRegisters& registers) {
  return kHoles[registers.fdhc >> 6];
}

}  // namespace lowmeg::decode
