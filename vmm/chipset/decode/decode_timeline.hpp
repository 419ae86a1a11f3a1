// What became of each config write with the effect of decode: the register, the segments, and how long decode
// and commit took.
//
// Sits between bridge and decoder and measures as it passes a change on.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/core/pam.hpp"
#include "vmm/chipset/chipset.hpp"

namespace vmm {

class DecodeTimeline final : public lowmeg::DecodeSink {
 public:
  using Listener = std::function<void(const TimelineEntry&)>;
  /// What the first telling is.
  enum class Start { kPowerOn, kRestore };

  /// Borrows the decoder's sink. The listener hears of every change, and of power-on and reset; not of a
  /// restore.
  DecodeTimeline(lowmeg::DecodeSink& below, Listener listener, Start start)
      : below_(below), listener_(std::move(listener)), start_(start) {}

  /// Whose registers the guest reads: an entry shows a dword as it does, with what decode does not depend on.
  void watch(lowmeg::bridge::ChipBridge& bridge);

  lowmeg::Result<void> changed(const lowmeg::DecodeRegisters& registers, lowmeg::Apply apply) override;

 private:
  std::vector<std::uint32_t> read_all() const;
  std::optional<RegisterChange> take_register_change(const lowmeg::DecodeRegisters& before,
                                                     const lowmeg::DecodeRegisters& now);

  lowmeg::DecodeSink& below_;
  Listener listener_;
  const Start start_;
  lowmeg::bridge::ChipBridge* bridge_ = nullptr;
  std::vector<std::uint32_t>
      read_;  // the dwords as the guest read them after the last change; in the table's order
  std::optional<lowmeg::DecodeRegisters> seen_;
};

}  // namespace vmm
