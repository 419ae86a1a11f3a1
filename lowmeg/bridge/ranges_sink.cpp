#include "lowmeg/bridge/ranges_sink.hpp"

#include "lowmeg/bridge/vga_window.hpp"

namespace lowmeg::bridge {
Result<void> RangesSink::changed(const DecodeRegisters& registers, Apply apply) {
  if (vga_ == Vga::kToTell) {
    if (auto told = adjuster_.adjust({&kVgaWindowAtPowerOn, 1}); !told) return told;
    vga_ = Vga::kSettled;
  }
  const PamStates now = decode_pam(pam_dwords(registers.pam));
  std::array<GpaStateChange, kPamSegmentCount> changes;
  const std::size_t count = pam_changes(told_, now, apply, changes);
  if (count == 0) return {};
  const Result<void> told = adjuster_.adjust(std::span(changes).first(count));
  if (told || apply == Apply::kDelta) told_ = now;
  if (vga_ == Vga::kToLeave) vga_ = told ? Vga::kSettled : Vga::kToTell;
  return told;
}

}  // namespace lowmeg::bridge
