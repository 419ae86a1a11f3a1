// The way from what is in place to a layout, in the fewest KVM calls and then in few mapping calls. Pure
// functions on values.
//
// A live slot can be deleted, no more: its kind, size and address are fixed (KVM_SET_USER_MEMORY_REGION gives
// EINVAL). The bytes under it can be swapped and protected. So a slot that suits all its pages stays, every
// other goes, and what is then bare gets as few new slots as will do: pages that need a read-write slot and
// pages that need a read-only one do not share, all others join either.
//
// No plan has fewer slot calls. A slot that does not suit one of its pages must go in any plan. To delete one
// more costs a call, and it can at most join the two bare stretches beside it into one, which saves a call:
// never a gain. Among plans of the same cost this one leaves the most pages alone.
#pragma once

#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/placement.hpp"
#include "lowmeg/kvm/slot_table.hpp"

namespace lowmeg::kvm {

/// What the planner must know beside table and layout. A value.
struct PlanRules {
  std::vector<Gpa> cuts;         ///< sorted, page-aligned: no slot crosses one
  std::uint32_t slot_count = 0;  ///< indices 0 to slot_count - 1 may be used
};

/// The operations that bring `table` to `wanted`, in the order in which running CPUs may see them: deletions,
/// then whatever takes away a right to write, new bytes, whatever gives a right, creations. The list is empty
/// when all is in place. When the slots would be too many, neighbours are joined at the price of more calls;
/// kNotSupported when they are too many even so.
Result<std::vector<Operation>> plan(const SlotTable& table, const std::vector<Placement>& wanted,
                                    const PlanRules& rules);

}  // namespace lowmeg::kvm
