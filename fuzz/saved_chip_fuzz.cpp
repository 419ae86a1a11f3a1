// Hostile bytes as a chip's saved state: the first byte picks the chip, the rest is the message, or, with bit
// 7, the message in its Any.
#include "fuzz/saved_state.hpp"

namespace {

using namespace lowmeg;

class SilentSink final : public DecodeSink {
 public:
  Result<void> changed(const DecodeRegisters& /*registers*/, Apply apply) override {
    LOWMEG_INVARIANT(apply == Apply::kForced, "forced at a restore");
    return {};
  }
};

void check_chip(state::Bytes bytes, bool any, const bridge::Identity& identity, bridge::Agp agp) {
  NullEventSink events;
  SilentSink sink;
  bridge::ChipBridge restored(identity, {.agp = agp}, sink, events);
  const auto accept_chip = [&](const state::SavedChip& saved) { return accept(saved, restored); };
  const auto restore = [&](const bridge::ChipBridgeState& accepted) {
    LOWMEG_INVARIANT(restored.restore(accepted).has_value() && restored.state() == accepted, "restored");
  };
  if (any) return fuzz::check_decoder(bytes, state::encode_any, state::decode_chip_any, accept_chip, restore);
  fuzz::check_decoder(bytes, state::encode, state::decode_chip, accept_chip, restore);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using bridge::Agp;
  if (size == 0) return 0;
  const state::Bytes bytes(data + 1, size - 1);
  const bool any = data[0] & 0x80;
  switch (data[0] & 3) {
    case 0:
      check_chip(bytes, any, bridge::kI440bx, Agp::kPresent);
      break;
    case 1:
      check_chip(bytes, any, bridge::kI440bx, Agp::kStrappedOff);
      break;
    default:
      check_chip(bytes, any, bridge::kI440fx, Agp::kPresent);
      break;
  }
  return 0;
}
