#include "lowmeg/core/pam.hpp"

namespace lowmeg {
namespace {

// Indexed by WE:RE.
constexpr std::array<GpaState, 4> kStates{GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                          GpaState::kWritable};
constexpr unsigned kFirstNibble = 3;

}  // namespace

PamStates decode_pam(const PamDwords& pam) {
  const std::uint64_t fields = (std::uint64_t{pam.dword_5c} << 32 | pam.dword_58) >> (4 * kFirstNibble);
  PamStates states;
  for (std::size_t i = 0; i < kPamSegmentCount; ++i) states[i] = kStates[(fields >> (4 * i)) & 3];
  return states;
}

std::size_t pam_changes(const PamStates& before, const PamStates& now, Apply apply,
                        std::array<GpaStateChange, kPamSegmentCount>& changes) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kPamSegmentCount; ++i) {
    if (apply == Apply::kDelta && before[i] == now[i]) continue;
    changes[count++] = {kPamSegments[i], before[i], now[i], apply};
  }
  return count;
}

}  // namespace lowmeg
