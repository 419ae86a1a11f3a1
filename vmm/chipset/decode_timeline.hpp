// What became of each config write in the chip's way: the register, the segments, and how long decode and
// commit took.
//
// Sits between bridge and decoder and measures as it passes a change on.
#pragma once

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/core/pam.hpp"
#include "vmm/chipset/chipset.hpp"

namespace vmm {

class DecodeTimeline final : public lowmeg::DecodeSink {
 public:
  /// What the first telling is.
  enum class Start { kPowerOn, kRestore };

  /// Borrows the decoder's sink. The listener hears of every change, and of power-on and reset; not of a
  /// restore.
  DecodeTimeline(lowmeg::DecodeSink& below, Chipset::Listener listener, Start start)
      : below_(below), listener_(std::move(listener)), start_(start) {}

  lowmeg::Result<void> changed(const lowmeg::DecodeRegisters& registers, lowmeg::Apply apply) override;

 private:
  lowmeg::DecodeSink& below_;
  Chipset::Listener listener_;
  const Start start_;
  std::optional<lowmeg::DecodeRegisters> seen_;
};

}  // namespace vmm
