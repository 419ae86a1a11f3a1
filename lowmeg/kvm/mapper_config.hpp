// What a KvmMapper is made with, and what it counts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/map_observer.hpp"
#include "lowmeg/kvm/placement.hpp"

namespace lowmeg::kvm {

/// How a change of several mappings is made one for running vCPUs. Slot calls always take a pause.
enum class Stillness : std::uint8_t {
  kAuto,   ///< kFence where KVM runs the guest natively or there is one vCPU, else kPause
  kFence,  ///< what changes is inaccessible meanwhile: who looks leaves the guest, waits and looks again
  kPause,  ///< all vCPUs stand still: where KVM emulates, a locked instruction behind a fence is not atomic
};

/// What a CPU in system management mode sees, where KVM has that mode.
enum class SmmView : std::uint8_t {
  kNone,      ///< the embedder's affair: slots of address space 1
  kMirrored,  ///< the map's SMM view. A change that shows in both views takes the calls of both
};

struct KvmMapperConfig {
  /// Borrowed; outlives the mapper.
  int vm_fd = -1;
  /// The mapper's part of the address space; nobody else has slots there.
  GpaRange window{0xa0000, 0x100000};
  /// The mapper owns this slot id and those that follow. Typical maps take about 5, with kSlots 10.
  std::uint32_t first_slot = 0;
  std::uint32_t slot_count = 128;
  /// No slot crosses one of these, so that a change on one side never takes away a slot on the other.
  std::vector<Gpa> cuts{0xa0000, 0xc0000, 0x100000};
  /// Borrowed; outlives the mapper. No descriptors are needed with kInPlace.
  GuestMemory memory = {};
  MapWay way = MapWay::kProtect;
  SmmView smm = SmmView::kNone;
  Stillness stillness = Stillness::kAuto;
  /// How many vCPUs the VM has at most; 0: more than one.
  unsigned vcpus = 0;
  /// A page that was demoted so often gets a read-only slot at once the next sixteen times that it is
  /// read-only; 0: always.
  unsigned demotions_until_kept = 3;
  /// Here RAM that is written where something else is read is written through the ring. May be empty.
  GpaRange coalesced{0xc0000, 0x100000};
  /// Borrowed, may be null.
  MapObserver* observer = nullptr;
};

/// How often it did what; for people and benchmarks.
struct KvmMapperCounters {
  std::uint64_t commits = 0;         ///< that changed something
  std::uint64_t pauses = 0;          ///< of the vCPUs
  std::uint64_t fences = 0;          ///< changes behind a fence
  std::uint64_t demotions = 0;       ///< times that pages got a read-only slot because of a write
  std::uint64_t slot_calls = 0;      ///< slots created or deleted
  std::uint64_t swaps = 0;           ///< mappings replaced
  std::uint64_t protections = 0;     ///< mprotect calls
  std::uint64_t drained_writes = 0;  ///< entries taken out of the coalesced ring
  std::uint64_t stray_reads = 0;     ///< that exited although there are bytes
};

/// "protection, fenced": which way is taken, for a person.
std::string way_line(MapWay way, Stillness stillness);

}  // namespace lowmeg::kvm
