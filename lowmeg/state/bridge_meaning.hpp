// The host bridge's saved state as a state that a bridge can have reached: the step of meaning.
//
// Pure, and apart from decoding: nothing is changed before all of a state is accepted.
#pragma once

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/state/saved_bridge.hpp"

namespace lowmeg::state {

SavedBridge to_saved(const bridge::HypervBridgeState& state);

/// The SMRAM word is one that a guest's writes can leave, the command register has bits 077Fh only, and what
/// this bridge has not is zero or absent: base addresses, capabilities, a bridge's windows and bus numbers.
/// The other registers can hold anything. Else kInvalidArgument and a line such as "cfg_space.command: ...".
Result<bridge::HypervBridgeState> accept(const SavedBridge& bridge);

}  // namespace lowmeg::state
