// The adjuster's saved state as a state that an adjuster can have reached: the step of meaning.
//
// Pure, and apart from decoding: nothing is changed before all of a state is accepted.
#pragma once

#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "lowmeg/state/saved_adjuster.hpp"

namespace lowmeg::state {

SavedAdjuster to_saved(const hyperv::AdjusterState& state);

/// Whose policy the ranges of a saved state are by.
enum class SavedBy {
  kThisBuild,  ///< each is an override that this policy has
  kAnyBuild,   ///< each is a part of its segment; what this policy wants otherwise is changed when it is told
};

/// Each handle is base_slot + its index; its range, offset and flag are together an override that Hyper-V's
/// policy has for the segment in one of the four states (so its range is shortened just where the table
/// says), with the images at `rom_bios_offset`. Else kInvalidArgument and a line such as
/// "handles[3].gpa_offset:
/// ...".
Result<hyperv::AdjusterState> accept(const SavedAdjuster& adjuster, Gpa rom_bios_offset,
                                     SavedBy saved_by = SavedBy::kThisBuild);

}  // namespace lowmeg::state
