// The host addresses behind a window of guest physical addresses: always at the same distance from them, so
// that whatever lies next to each other in the guest can share a slot.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/descriptor.hpp"
#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/slot_table.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// Owns a reserved stretch of addresses (PROT_NONE, no memory behind it) and the pages of FFh that open
/// routes show. Moved, never copied. No lock: whoever maps serialises.
class HostWindow {
 public:
  /// Borrows `syscalls`. kSystem when the addresses cannot be had.
  static Result<HostWindow> create(GpaRange window, Syscalls& syscalls);
  HostWindow(HostWindow&& other) noexcept;
  HostWindow& operator=(HostWindow&&) = delete;
  HostWindow(const HostWindow&) = delete;
  HostWindow& operator=(const HostWindow&) = delete;
  ~HostWindow();

  /// Puts bytes of `memory` (or FFh, within kOpenSlots) at their addresses. Whoever looks there sees them at
  /// once. After an error the range may hold anything, or nothing.
  Result<void> map(const MappedBytes& bytes, const GuestMemory& memory);

  /// Where the guest's `gpa`, which is in the window, lies in this process.
  std::uint64_t address(Gpa gpa) const { return base_ + (gpa - window_.start()); }
  const GpaRange& window() const { return window_; }

 private:
  HostWindow(GpaRange window, std::uint64_t base, Descriptor open_pages, Syscalls& syscalls)
      : window_(window), base_(base), open_pages_(std::move(open_pages)), syscalls_(&syscalls) {}

  GpaRange window_;
  std::uint64_t base_ = 0;  // 0: moved from
  Descriptor open_pages_;
  Syscalls* syscalls_;
};

}  // namespace lowmeg::kvm
