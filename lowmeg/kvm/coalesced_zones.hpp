// Where writes wait in the ring instead of exiting. Pure functions on values, and the calls.
//
// Source: Linux, Documentation/virt/kvm/api.rst 4.116 KVM_(UN)REGISTER_COALESCED_MMIO.
//
// A zone is for RAM that is written where something else is read (a BIOS copies itself there). To register
// one, or to end it, makes the VM's next slot calls take milliseconds: so a zone is registered when the first
// such page appears, and stays, until one of its pages must not have it.
#pragma once

#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/syscalls.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::kvm {

/// Pages of `within` whose writes are to wait: those that go to RAM that is not read there and shows nowhere
/// else. At another address the guest could see, or make, a later write before an earlier one.
std::vector<GpaRange> pages_to_coalesce(const memory::MemoryMap& map, const GpaRange& within);

/// Pages of `within` whose writes must not wait: a device takes them, they go to RAM that shows elsewhere,
/// or it depends on the CPU's mode where they go, which an entry of the ring does not tell.
std::vector<GpaRange> pages_not_to_coalesce(const memory::MemoryMap& map, const GpaRange& within);

/// Both sorted, without overlap.
struct ZoneChanges {
  std::vector<GpaRange> gone, added;
  bool empty() const { return gone.empty() && added.empty(); }
};
/// From the zones that are there.
ZoneChanges zone_changes(const std::vector<GpaRange>& zones, const std::vector<GpaRange>& wanted,
                         const std::vector<GpaRange>& unwanted);

/// The zones of a VM. No lock.
class CoalescedZones {
 public:
  /// Borrows both.
  CoalescedZones(int vm_fd, Syscalls& syscalls) : vm_fd_(vm_fd), syscalls_(syscalls) {}
  ~CoalescedZones();
  CoalescedZones(const CoalescedZones&) = delete;
  CoalescedZones& operator=(const CoalescedZones&) = delete;

  const std::vector<GpaRange>& zones() const { return zones_; }
  bool contains(Gpa gpa) const;
  /// Until one fails; zones() says what is there then.
  Result<void> end(const std::vector<GpaRange>& zones);
  Result<void> begin(const std::vector<GpaRange>& zones);

 private:
  const int vm_fd_;
  Syscalls& syscalls_;
  std::vector<GpaRange> zones_;  // sorted
};

}  // namespace lowmeg::kvm
