// What KVM must hold so that a guest sees a layout: for each stretch of pages which slots will do, which
// bytes lie under them, and what may be done to these. Pure functions on values; the way there is
// slot_plan.hpp's.
#pragma once

#include <span>
#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/slot_table.hpp"

namespace lowmeg::kvm {

/// How read-only memory is kept from being written.
enum class MapWay : std::uint8_t {
  /// By the protection of the mapping, under a slot that is read-write: to change it costs one mprotect. A
  /// write is refused, and the page gets a read-only slot then (see KvmMapper).
  kProtect,
  /// By a read-only slot: a write exits at once. To change it costs the slot.
  kSlots,
  /// The same, with slots into the embedder's own mapping of RAM and ROM: where they cannot be mapped again
  /// (anonymous memory, hugetlb, a private file). Every change costs a slot.
  kInPlace,
};

/// Which slots show a page rightly.
enum class SlotNeed : std::uint8_t {
  kReadOnly,   ///< a read-only one alone
  kReadWrite,  ///< a read-write one alone
  kEither,     ///< both: its bytes may not be written, and nobody is meant to
};

/// Open pages here lie under a slot of FFh, so that reads and fetches run; elsewhere every access to an open
/// page exits. The range in which a BIOS looks for option ROMs, and the VGA window below it.
inline constexpr GpaRange kOpenSlots{0xa0000, 0x100000};

struct PlacementRules {
  GpaRange window;  ///< only this part of a layout counts
  MapWay way = MapWay::kProtect;
  /// Sorted, no overlap. Protected pages here get a read-only slot all the same: somebody writes to them.
  std::span<const GpaRange> demoted = {};
};

/// One stretch of pages.
struct Placement {
  GpaRange range;
  SlotNeed need = SlotNeed::kReadOnly;
  memory::Route bytes;            ///< of the first page: RAM, ROM or open
  Access access = Access::kRead;  ///< what the mapping lets the guest do; nothing is mapped with kInPlace
  MapWay way = MapWay::kProtect;  ///< with kInPlace the slot names the bytes, else the window has them

  /// The slot's bytes (see Slot), `gpa` being a page of the stretch.
  memory::Route slot_bytes(Gpa gpa) const {
    return way == MapWay::kInPlace ? bytes.advanced(gpa - range.start()) : memory::Route::bus();
  }
  friend bool operator==(const Placement&, const Placement&) = default;
};

/// What a layout wants within the window, sorted; pages without a slot are left out. kNotSupported for a
/// fetch route that differs from the read route; the line names the range.
Result<std::vector<Placement>> placements(const memory::Layout& layout, const PlacementRules& rules);

/// Whether any slot of this kind shows a page of that need.
constexpr bool suits(SlotKind kind, SlotNeed need) {
  return need == SlotNeed::kEither || (need == SlotNeed::kReadWrite) == (kind == SlotKind::kReadWrite);
}

/// The part that both have; empty where there is none.
GpaRange intersection(const GpaRange& a, const GpaRange& b);

}  // namespace lowmeg::kvm
