// What KVM notes of a guest's writes to the slots, told as offsets of RAM.
//
// KVM counts pages of a slot; which RAM lies there is the map's affair, and changes under a slot that stays.
// So it is kept which RAM each page showed last when it was writable: as long as that is so, no change of PAM
// needs a look at KVM's bitmap. One that shows other RAM in a page asks before and after.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 4.8 KVM_GET_DIRTY_LOG, 4.35 KVM_MEM_LOG_DIRTY_PAGES.
#pragma once

#include <cstdint>
#include <span>

#include "lowmeg/kvm/slot_table.hpp"
#include "lowmeg/kvm/syscalls.hpp"
#include "lowmeg/kvm/write_log.hpp"
#include "lowmeg/memory/layout.hpp"

namespace lowmeg::kvm {

/// Borrows VM and system calls. No lock: whoever changes the map serialises.
class DirtyLog {
 public:
  /// `first_slot` is the id of index 0.
  DirtyLog(int vm_fd, std::uint32_t first_slot, GpaRange window, Syscalls& syscalls)
      : vm_fd_(vm_fd), first_slot_(first_slot), syscalls_(syscalls), ram_(window), next_ram_(window) {}

  bool is_on() const { return log_ != nullptr; }
  /// From now on, with this layout in place. The slots have the flag.
  void begin(WriteLog& log, const memory::Layout& layout);
  void end() { log_ = nullptr; }

  /// Tells what was written in the slots since the last time. What KVM does not give is told as written.
  void harvest(std::span<const Slot> slots) const;
  /// Around a change to `layout`, whose slots are given; after one that was undone, with the old layout.
  void before_change(const memory::Layout& layout, std::span<const Slot> slots);
  void after_change(const memory::Layout& layout, std::span<const Slot> slots);

 private:
  void tell(const Slot& slot, std::span<const std::uint64_t> bitmap) const;
  bool is_moving() const { return !next_ram_.shares_regions_with(ram_); }

  const int vm_fd_;
  const std::uint32_t first_slot_;
  Syscalls& syscalls_;
  WriteLog* log_ = nullptr;
  memory::Layout ram_;       // the read route is the RAM that a write to the page goes to; bus: none so far
  memory::Layout next_ram_;  // the same after the change in hand, if that moves any
};

}  // namespace lowmeg::kvm
