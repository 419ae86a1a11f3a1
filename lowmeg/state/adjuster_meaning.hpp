// The adjuster's saved state as a state that an adjuster can have reached: the step of meaning.
//
// Pure, and apart from decoding: nothing is changed before all of a state is accepted.
#pragma once

#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "lowmeg/state/saved_adjuster.hpp"

namespace lowmeg::state {

SavedAdjuster to_saved(const hyperv::AdjusterState& state);

/// Each handle is base_slot + its index; its range, offset and flag are together an override that Hyper-V's
/// policy has for the segment in one of the four states (so its range is shortened just where the table
/// says), with the images at `rom_bios_offset`. Else kInvalidArgument and a line such as
/// "handles[3].gpa_offset:
/// ...".
Result<hyperv::AdjusterState> accept(const SavedAdjuster& adjuster, Gpa rom_bios_offset);

}  // namespace lowmeg::state
