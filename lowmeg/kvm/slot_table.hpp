// What KVM and the host window hold right now: slots, and the bytes that are mapped. Values, without a system
// call.
//
// KvmMapper carries one along and updates it after each call that succeeded, so that a plan always starts
// from what is really there, a half-done change included.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::kvm {

enum class SlotKind : std::uint8_t {
  kReadOnly,   ///< KVM_MEM_READONLY: reads and fetches run, a write exits
  kReadWrite,  ///< no flags
};

struct Slot {
  std::uint32_t index = 0;  ///< from 0; the id is the mapper's first plus this
  GpaRange range;
  SlotKind kind = SlotKind::kReadOnly;

  friend bool operator==(const Slot&, const Slot&) = default;
};

/// Bytes as a route names them: ram(offset) or rom(offset) of the first page, running on from there, or open
/// (FFh).
struct MappedBytes {
  GpaRange range;
  memory::Route bytes;

  friend bool operator==(const MappedBytes&, const MappedBytes&) = default;
};

/// KVM_SET_USER_MEMORY_REGION with size 0.
struct DeleteSlot {
  Slot slot;
  friend bool operator==(const DeleteSlot&, const DeleteSlot&) = default;
};
/// KVM_SET_USER_MEMORY_REGION.
struct CreateSlot {
  Slot slot;
  friend bool operator==(const CreateSlot&, const CreateSlot&) = default;
};
/// One mmap with MAP_FIXED into the host window. A slot over it sees the new bytes at once.
struct SwapBytes {
  MappedBytes bytes;
  friend bool operator==(const SwapBytes&, const SwapBytes&) = default;
};
using Operation = std::variant<DeleteSlot, CreateSlot, SwapBytes>;

/// No threads, no locks.
class SlotTable {
 public:
  /// No slot, and nothing mapped.
  explicit SlotTable(GpaRange window) : mapped_(window) {}

  /// Notes an operation that was carried out. One that KVM would refuse aborts: it did not.
  void apply(const Operation& operation);
  /// Notes that nothing is known of the bytes of `range` any more: a mapping over it failed, which may leave
  /// a hole.
  void forget(const GpaRange& range);

  /// Sorted by address, without overlap.
  std::span<const Slot> slots() const { return slots_; }
  /// The bytes under the page that holds `gpa`; bus when none are known.
  memory::Route bytes_at(Gpa gpa) const { return mapped_.find(gpa).read; }
  /// The same as a layout: the read route of each region.
  const memory::Layout& mapped() const { return mapped_; }

 private:
  void remove(const Slot& slot);
  void insert(const Slot& slot);

  std::vector<Slot> slots_;
  memory::Layout mapped_;
};

}  // namespace lowmeg::kvm
