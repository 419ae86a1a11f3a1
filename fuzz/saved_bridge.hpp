// Decodes a saved bridge, and restores a bridge from what is accepted.
#pragma once

#include "fuzz/saved_state.hpp"

namespace lowmeg::fuzz {

class SilentAdjuster final : public AdjustGpaRanges {
 public:
  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    LOWMEG_INVARIANT(changes.size() == kPamSegmentCount, "all 13 at a restore");
    return {};
  }
};

inline void check_bridge(state::Bytes bytes, state::Buffer (*encode)(const state::SavedBridge&),
                         Result<state::SavedBridge> (*decode)(state::Bytes)) {
  const auto accept_bridge = [](const state::SavedBridge& saved) { return accept(saved); };
  check_decoder(bytes, encode, decode, accept_bridge, [](const bridge::HypervBridgeState& accepted) {
    NullEventSink events;
    SilentAdjuster adjuster;
    bridge::HypervBridge restored(bridge::kHyperv, adjuster, events);
    LOWMEG_INVARIANT(restored.restore(accepted).has_value() && restored.state() == accepted, "restored");
  });
}

}  // namespace lowmeg::fuzz
