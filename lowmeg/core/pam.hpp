// PAM0-PAM6 (59h-5Fh): the state of each of the 13 segments from C0000 to FFFFF.
//
// Source: 82443BX data sheet (290633), "PAM[6:0]: Programmable attribute map registers"; the 82441FX has the
// same layout. The fields are nibbles 3 to 15 of the quadword that dwords 58h and 5Ch make; the lowest
// nibbles are DRAMT (58h) and reserved bits of PAM0.
#pragma once

#include <array>
#include <cstdint>

#include "lowmeg/core/gpa_state.hpp"

namespace lowmeg {

inline constexpr std::size_t kPamSegmentCount = 13;

/// The segments in register order, which is also the order in which adjusters are told of them.
inline constexpr std::array<GpaRange, kPamSegmentCount> kPamSegments{{
    {0xf0000, 0x100000},  // PAM0 5:4
    {0xc0000, 0xc4000},   // PAM1 1:0
    {0xc4000, 0xc8000},   // PAM1 5:4
    {0xc8000, 0xcc000},   // PAM2
    {0xcc000, 0xd0000},
    {0xd0000, 0xd4000},  // PAM3
    {0xd4000, 0xd8000},
    {0xd8000, 0xdc000},  // PAM4
    {0xdc000, 0xe0000},
    {0xe0000, 0xe4000},  // PAM5
    {0xe4000, 0xe8000},
    {0xe8000, 0xec000},  // PAM6
    {0xec000, 0xf0000},
}};

using PamStates = std::array<GpaState, kPamSegmentCount>;

/// The two dwords that hold PAM0-PAM6, the lowest byte being DRAMT.
struct PamDwords {
  std::uint32_t dword_58 = 0;
  std::uint32_t dword_5c = 0;

  friend bool operator==(const PamDwords&, const PamDwords&) = default;
};

/// The same from the registers themselves; DRAMT, which is none of them, is left 0.
constexpr PamDwords pam_dwords(const std::array<std::uint8_t, 7>& pam) {
  const auto at = [&pam](std::size_t i, unsigned shift) { return std::uint32_t{pam[i]} << shift; };
  return {at(0, 8) | at(1, 16) | at(2, 24), at(3, 0) | at(4, 8) | at(5, 16) | at(6, 24)};
}

/// The states that they ask for.
PamStates decode_pam(const PamDwords& pam);

/// Writes the changes from `before` to `now` to `changes` and returns how many: all 13 when forced, else
/// those that differ.
std::size_t pam_changes(const PamStates& before, const PamStates& now, Apply apply,
                        std::array<GpaStateChange, kPamSegmentCount>& changes);

}  // namespace lowmeg
