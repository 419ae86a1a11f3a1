// Seam 1 behind seam 2: a chip's registers with Hyper-V's effect, on PAM alone.
//
// It tells an adjuster just what HypervBridge would: at power-on that A0000-BFFFF is Mmio, then all 13
// segments, forced; later those that change, in one call a config write; at reset and restore all 13, forced.
// SMRAM, holes and top of memory are left out.
#pragma once

#include "lowmeg/core/adjust_gpa_ranges.hpp"
#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/core/pam.hpp"

namespace lowmeg::bridge {

/// No threads and no locks.
class RangesSink final : public DecodeSink {
 public:
  /// Borrows the adjuster.
  explicit RangesSink(AdjustGpaRanges& adjuster) : adjuster_(adjuster) {}

  /// Before a bridge is restored instead of powered on: A0000-BFFFF, which only power-on tells, is left out.
  /// If that restore fails, a power-on still tells it.
  void expect_restore() {
    if (vga_ == Vga::kToTell) vga_ = Vga::kToLeave;
  }

  /// On the adjuster's error at a forced telling, `before` stays what was told last.
  Result<void> changed(const DecodeRegisters& registers, Apply apply) override;

 private:
  enum class Vga { kToTell, kToLeave, kSettled };

  AdjustGpaRanges& adjuster_;
  Vga vga_ = Vga::kToTell;
  PamStates told_{};  // all Mmio
};

}  // namespace lowmeg::bridge
