// The host addresses behind a window of guest physical addresses: always at the same distance from them, so
// that whatever lies next to each other in the guest can share a slot.
//
// They lie as the guest's do modulo 2 MiB (modulo 1 GiB in a window as long as that): else KVM could use no
// large page.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/open_pages.hpp"
#include "lowmeg/kvm/slot_table.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// Owns a reserved stretch of addresses (PROT_NONE, no memory behind it). Moved, never copied. No lock:
/// whoever maps serialises.
class HostWindow {
 public:
  enum class Reserved { kNo, kYes };
  /// Borrows `syscalls`. kSystem when the addresses cannot be had. With kNo nothing can be mapped.
  static Result<HostWindow> create(GpaRange window, Reserved reserved, Syscalls& syscalls);
  HostWindow(HostWindow&& other) noexcept;
  HostWindow& operator=(HostWindow&&) = delete;
  HostWindow(const HostWindow&) = delete;
  HostWindow& operator=(const HostWindow&) = delete;
  ~HostWindow();

  /// Puts bytes of `memory` (or FFh, within kOpenSlots) at their addresses. Whoever looks there sees them at
  /// once. After an error the range may hold anything, or nothing.
  Result<void> map(const MapBytes& bytes, const GuestMemory& memory, const OpenPages& open_pages);
  /// Says what may be done to what is mapped. After an error a part of the range may have it already.
  Result<void> set_access(const SetAccess& change);

  /// Where the guest's `gpa`, which is in the window, lies in this process.
  std::uint64_t address(Gpa gpa) const { return base_ + (gpa - window_.start()); }
  const GpaRange& window() const { return window_; }

  /// Leaves the addresses and what is mapped there to the process for good: a slot may still show them.
  void abandon() { base_ = 0; }

 private:
  HostWindow(GpaRange window, std::uint64_t base, Syscalls& syscalls)
      : window_(window), base_(base), syscalls_(&syscalls) {}

  GpaRange window_;
  std::uint64_t base_ = 0;  // 0: nothing is reserved
  Syscalls* syscalls_;
};

}  // namespace lowmeg::kvm
