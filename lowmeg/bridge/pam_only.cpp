#include "lowmeg/bridge/pam_only.hpp"

namespace lowmeg::bridge {
namespace {

constexpr GpaRange kVgaRange{0xa0000, 0xc0000};

// The dwords 58h and 5Ch that hold these registers; DRAMT in the lowest byte does not matter.
PamDwords dwords_of(const std::array<std::uint8_t, 7>& pam) {
  return {std::uint32_t{pam[0]} << 8 | std::uint32_t{pam[1]} << 16 | std::uint32_t{pam[2]} << 24,
          pam[3] | std::uint32_t{pam[4]} << 8 | std::uint32_t{pam[5]} << 16 | std::uint32_t{pam[6]} << 24};
}

}  // namespace

Result<void> PamOnly::changed(const DecodeRegisters& registers, Apply apply) {
  if (vga_ == Vga::kToTell) {
    const GpaStateChange vga{kVgaRange, GpaState::kMmio, GpaState::kMmio, Apply::kForced};
    if (auto told = adjuster_.adjust({&vga, 1}); !told) return told;
    vga_ = Vga::kSettled;
  }
  const PamStates now = decode_pam(dwords_of(registers.pam));
  std::array<GpaStateChange, kPamSegmentCount> changes;
  const std::size_t count = pam_changes(told_, now, apply, changes);
  if (count == 0) return {};
  const Result<void> told = adjuster_.adjust(std::span(changes).first(count));
  if (told || apply == Apply::kDelta) told_ = now;
  if (vga_ == Vga::kToLeave) vga_ = told ? Vga::kSettled : Vga::kToTell;
  return told;
}

}  // namespace lowmeg::bridge
