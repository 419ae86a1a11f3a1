// A chip's saved state as a state that this chip can have reached: the step of meaning.
//
// Pure, and apart from decoding: nothing is changed before all of a state is accepted.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/state/saved_chip.hpp"

namespace lowmeg::state {

SavedChip to_saved(const bridge::ChipBridgeState& state);

/// What ChipBridge::check says of this chip: the same device, an AGP bridge where it has one, and each
/// register as a guest's writes can leave it. Else kInvalidArgument and a line such as "dword 70h: ...".
Result<bridge::ChipBridgeState> accept(const SavedChip& chip, const bridge::ChipBridge& bridge);

}  // namespace lowmeg::state
