// The way from the slots in place to a layout, in the fewest KVM calls. Pure functions on values.
//
// A live slot can be deleted, no more: its kind, size and address are fixed (KVM_SET_USER_MEMORY_REGION gives
// EINVAL). The bytes under it can be swapped. So a slot whose pages all keep their kind stays, every other
// goes, and each stretch of one kind that is then bare gets one new slot.
//
// No plan has fewer slot calls. A slot with a page that changes its kind must go in any plan. To delete one
// more costs a call, and it can at most join the two bare stretches beside it into one, which saves a call:
// never a gain. Among plans of the same cost this one leaves the most pages alone.
#pragma once

#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/slot_table.hpp"

namespace lowmeg::kvm {

/// Open pages here lie under a read-only slot of FFh, so that reads and fetches run; elsewhere every access
/// to an open page exits. The range in which a BIOS looks for option ROMs, and the VGA window below it.
inline constexpr GpaRange kOpenSlots{0xa0000, 0x100000};

/// What the planner must know beside table and layout. A value.
struct PlanRules {
  GpaRange window;               ///< only this part of a layout counts; the slots lie in it
  std::vector<Gpa> cuts;         ///< sorted, page-aligned: no slot crosses one
  std::uint32_t slot_count = 0;  ///< indices 0 to slot_count - 1 may be used
};

/// What KVM must hold for one stretch of pages: a slot of this kind over these bytes.
struct Placement {
  SlotKind kind = SlotKind::kReadOnly;
  MappedBytes bytes;

  friend bool operator==(const Placement&, const Placement&) = default;
};

/// What a layout wants within the window, sorted; pages without a slot are left out. kNotSupported for a
/// fetch route that differs from the read route; the line names the range.
Result<std::vector<Placement>> placements(const memory::Layout& layout, const GpaRange& window);

/// The operations that bring `table` to `wanted`: deletions, then swaps, then creations. The list is empty
/// when all is in place. When the slots would be too many, neighbours of one kind are joined at the price of
/// more calls; kNotSupported when they are too many even so.
Result<std::vector<Operation>> plan(const SlotTable& table, const std::vector<Placement>& wanted,
                                    const PlanRules& rules);

}  // namespace lowmeg::kvm
