// What KVM and the host window hold right now: slots, the bytes that are mapped, and what may be done to
// them. Values, without a system call.
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
  kReadWrite,  ///< no flags: a write runs where the mapping under it may be written, and is refused elsewhere
};

/// What a mapping in the host window lets a guest do: mmap's and mprotect's protection.
enum class Access : std::uint8_t {
  kNone,       ///< PROT_NONE: whoever looks is turned away
  kRead,       ///< PROT_READ
  kReadWrite,  ///< PROT_READ | PROT_WRITE
};

struct Slot {
  std::uint32_t index = 0;  ///< from 0; the id is the mapper's first plus this
  GpaRange range;
  SlotKind kind = SlotKind::kReadOnly;
  /// What it lies over: bus for whatever the host window has there, else ram(offset), rom(offset) or open
  /// where the owner of these bytes has them. Of the first page; running on from there.
  memory::Route bytes = memory::Route::bus();

  friend bool operator==(const Slot&, const Slot&) = default;
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
/// One mmap with MAP_FIXED into the host window: bytes as a route names them, ram(offset) or rom(offset) of
/// the first page, running on from there, or open (FFh). A slot over it sees them at once.
struct MapBytes {
  GpaRange range;
  memory::Route bytes;
  Access access = Access::kRead;
  friend bool operator==(const MapBytes&, const MapBytes&) = default;
};
/// One mprotect in the host window, over bytes that are mapped.
struct SetAccess {
  GpaRange range;
  Access access = Access::kRead;
  friend bool operator==(const SetAccess&, const SetAccess&) = default;
};
using Operation = std::variant<DeleteSlot, CreateSlot, MapBytes, SetAccess>;

/// No threads, no locks.
class SlotTable {
 public:
  /// No slot, and nothing mapped.
  explicit SlotTable(GpaRange window) : mapped_(window) {}

  /// Notes an operation that was carried out. One that KVM would refuse aborts: it did not.
  void apply(const Operation& operation);
  /// Notes that an operation failed: a mapping over it may leave a hole, a change of access may have been
  /// made in part.
  void note_failure(const Operation& operation);

  /// Sorted by address, without overlap.
  std::span<const Slot> slots() const { return slots_; }
  /// The slot over `gpa`, or null.
  const Slot* slot_at(Gpa gpa) const;

  /// The bytes mapped in the page that holds `gpa`; bus when none are known.
  memory::Route bytes_at(Gpa gpa) const { return mapped_.find(gpa).read; }
  /// What may be done to them; kNone when that is not known.
  Access access_at(Gpa gpa) const { return access_of(mapped_.find(gpa)); }
  /// Bytes and access as a layout, for those who walk over it: the read route names the bytes, access_of()
  /// says the rest.
  const memory::Layout& mapped() const { return mapped_; }
  static Access access_of(const memory::Routes& mapped);

 private:
  void remove(const Slot& slot);
  void insert(const Slot& slot);
  void set_mapped(const GpaRange& range, memory::Route bytes, Access access);
  void set_access(const SetAccess& change);

  std::vector<Slot> slots_;
  memory::Layout mapped_;
};

}  // namespace lowmeg::kvm
