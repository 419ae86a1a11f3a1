// What a VM holds of a map, and the calls that change it: slots in KVM, mappings and protections in the host
// window.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 4.35 KVM_SET_USER_MEMORY_REGION.
#pragma once

#include <optional>
#include <span>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/dirty_log.hpp"
#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/host_window.hpp"
#include "lowmeg/kvm/open_pages.hpp"
#include "lowmeg/kvm/slot_table.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// How many calls of each kind were made.
struct CallCounters {
  std::uint64_t slots = 0;        ///< created or deleted
  std::uint64_t mappings = 0;     ///< mmap
  std::uint64_t protections = 0;  ///< mprotect, fences included
};

/// Owns the window and the slots. Knows no map: it does what a plan says. No lock.
class MapInPlace {
 public:
  /// Borrows the VM, memory and `syscalls`. `first_slot` counts from the address space's first.
  MapInPlace(int vm_fd, std::uint32_t first_slot, const GuestMemory& memory, HostWindow window,
             OpenPages open_pages, Syscalls& syscalls)
      : vm_fd_(vm_fd),
        first_slot_(first_slot),
        memory_(memory),
        syscalls_(syscalls),
        window_(std::move(window)),
        open_pages_(std::move(open_pages)),
        table_(window_.window()),
        dirty_log_(vm_fd, first_slot, window_.window(), syscalls) {}
  /// Deletes the slots. Where KVM refuses that, the memory under them stays mapped.
  ~MapInPlace();
  MapInPlace(const MapInPlace&) = delete;
  MapInPlace& operator=(const MapInPlace&) = delete;

  const SlotTable& table() const { return table_; }
  const CallCounters& calls() const { return calls_; }

  /// One after the other until one fails; table() says what is in place then. Also when the note of a call
  /// that was made finds no memory (std::bad_alloc): it is made by settle().
  Result<void> carry_out(std::span<const Operation> operations);
  /// Before a new plan after an error or an exception.
  void settle();

  /// Has KVM note from now on what is written in read-write slots, and tells `log`, which is borrowed; null:
  /// no more. After an error all is as before.
  Result<void> log_writes(WriteLog* log, const memory::Layout& layout);
  /// Tells the log of all that was written till now.
  void harvest() const { dirty_log_.harvest(table_.slots()); }
  /// Around operations that lead to `layout`, or lead back to it. Without a log they do nothing.
  void before_change(const memory::Layout& layout) { dirty_log_.before_change(layout, table_.slots()); }
  void after_change(const memory::Layout& layout) { dirty_log_.after_change(layout, table_.slots()); }

 private:
  enum class Notes { kNo, kYes };
  Result<void> set_notes(Notes notes);
  Result<void> carry_out(const Operation& operation);
  Result<void> set_slot(const Slot& slot, std::uint64_t size);
  std::uint32_t flags_of(const Slot& slot) const;
  std::uint64_t address(const Slot& slot) const;

  const int vm_fd_;
  const std::uint32_t first_slot_;
  const GuestMemory& memory_;
  Syscalls& syscalls_;
  HostWindow window_;
  OpenPages open_pages_;
  SlotTable table_;
  std::optional<Operation> unnoted_;  // made, but not in the table yet
  CallCounters calls_;
  DirtyLog dirty_log_;
  Notes notes_ = Notes::kNo;  // whether slots have the flag
};

}  // namespace lowmeg::kvm
