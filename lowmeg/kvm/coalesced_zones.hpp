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

/// The parts of `ranges` that are not in `holes`; both sorted, without overlap.
std::vector<GpaRange> without(const std::vector<GpaRange>& ranges, const std::vector<GpaRange>& holes);

/// Both sorted, without overlap.
struct ZoneChanges {
  std::vector<GpaRange> gone, added;
  bool empty() const { return gone.empty() && added.empty(); }
};
/// From the zones that are there to what `map` takes in the pages of `within`. Writes are to wait that go to
/// RAM which is not read there and shows nowhere else: at another address the guest could see, or make, a
/// later write before an earlier one. They must not where a device takes them, where they go to RAM that
/// shows elsewhere, and where it depends on the CPU's mode where they go, which an entry of the ring does not
/// tell.
ZoneChanges zone_changes(const std::vector<GpaRange>& zones, const memory::MemoryMap& map,
                         const GpaRange& within);

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
