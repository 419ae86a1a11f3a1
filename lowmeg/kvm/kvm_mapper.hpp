// Makes a running KVM guest see a MemoryMap: all or nothing, without a moment in between that a vCPU could
// see.
//
// Source: Linux, Documentation/virt/kvm/api.rst (KVM_SET_USER_MEMORY_REGION, KVM_RUN); the measured behaviour
// that the rules rest on is in docs/reference/kvm.md.
//
// Slots stay where they are. What a page shows, and whether it may be written, is in the host mapping under
// its slot: ROM, RAM and places where nobody is are mmap, read-write and read-only are mprotect. A write that
// the mapping refuses leaves KVM_RUN with an error; the page then gets a read-only slot, on which a write
// exits as memory-mapped I/O (it is *demoted*, till it is memory again). It sits in somebody else's VMM: it
// borrows the VM, owns the slot ids and the window that it was given, and asks for pauses through PauseVcpus.
//
// Who does what: AddressSpace plans a change and makes its calls, here is the transaction around them,
// WriteRing has what waits of a guest's writes, and kvm_mapper_exits.cpp is what a vCPU's thread asks.
//
// Left out: guest_memfd, memory above 4 GiB (nothing here forbids it; no decoder makes it).
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "lowmeg/kvm/address_space.hpp"
#include "lowmeg/kvm/after_run.hpp"
#include "lowmeg/kvm/capabilities.hpp"
#include "lowmeg/kvm/coalesced_zones.hpp"
#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/map_observer.hpp"
#include "lowmeg/kvm/mmio.hpp"
#include "lowmeg/kvm/native_guest.hpp"
#include "lowmeg/kvm/pause_vcpus.hpp"
#include "lowmeg/kvm/syscalls.hpp"
#include "lowmeg/kvm/write_ring.hpp"
#include "lowmeg/memory/mapper.hpp"

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
  /// A page that was demoted so often gets a read-only slot at once when it is read-only again.
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

/// Thread-safe. Commits wait for each other. The map lock is held exclusively while the map changes, and
/// shared by after_run(), drain() and hold(); who wants it exclusively goes first. Order of locks: the
/// embedder's device locks, then the commit lock (held during PauseVcpus and MapObserver), then the map lock,
/// then the ring's. A thread never calls commit, drain or after_run while it holds the map.
class KvmMapper final : public memory::Mapper {
 public:
  /// Borrows `pause` and `syscalls`. Reserves a stretch of host addresses as long as the window (no memory);
  /// starts with everything on the bus, without a slot. kNotSupported when KVM lacks what it needs,
  /// kInvalidArgument for a configuration that cannot be, kSystem when a call fails.
  static Result<std::unique_ptr<KvmMapper>> create(KvmMapperConfig config, PauseVcpus& pause,
                                                   Syscalls& syscalls = Syscalls::system());
  /// Deletes its slots, ends the zones and unmaps the window, but for what a slot still shows that KVM would
  /// not delete. No vCPU may be in KVM_RUN.
  ~KvmMapper() override;
  KvmMapper(const KvmMapper&) = delete;
  KvmMapper& operator=(const KvmMapper&) = delete;

  /// Makes the guest see `map`, whose window contains the mapper's; only that part is acted on, and only the
  /// CPU view (and with SmmView::kMirrored that of SMM). Refused with kNotSupported: a fetch route other than
  /// the read route, more slots than it owns. With kInvalidArgument: a route outside RAM or ROM, a map that
  /// does not cover the window.
  ///
  /// vCPUs run on unless a slot changes, or what a write means does that exits. The ring is drained under the
  /// old map first; what it has for the bus is given to the next after_run().
  ///
  /// When a call fails, or memory runs out, the old map is put back and the error returned. When that fails
  /// too, the mapper is lost: the vCPUs stay paused, the error says so, and every later commit fails at once
  /// with the same line. The embedder should stop the machine.
  Result<void> commit(const memory::MemoryMap& map) override;

  /// The map in place, as it was committed. The reference stays; read it on the committing thread or under
  /// hold().
  const memory::MemoryMap& map() const override { return map_; }

  /// Holds the map still while the guard lives: for DMA. Drain first when reading RAM that a guest writes
  /// through the ring.
  [[nodiscard]] std::shared_lock<memory::WriterFirstMutex> hold() const override {
    return std::shared_lock(map_lock_);
  }

  /// Tells where the coalesced ring is: `run` is the mapping of any one vCPU of the VM, of
  /// KVM_GET_VCPU_MMAP_SIZE bytes, and stays mapped until the next call. Call it before a vCPU runs; null
  /// before the mapping goes.
  void attach_ring(kvm_run* run);

  /// Counts the changes of the map and of what shows it. A vCPU thread reads it before each KVM_RUN.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// The one call after each KVM_RUN, on the vCPU's thread: drains the ring, carries out what the map can,
  /// and says what is left to do. It may pause the other vCPUs, and waits for a commit in hand.
  ///
  /// A VMM with one lock for all its devices makes the call and does what it says under that lock. With
  /// finer ones: for each of `writes` wait_for(its ticket), carry it out, done(its ticket); and before the
  /// exit itself wait_for(`ticket`).
  AfterRun after_run(const VcpuReturn& vcpu);
  void wait_for(std::uint64_t ticket) { ring_.wait_for(ticket); }
  void done(std::uint64_t ticket) { ring_.done(ticket); }

  /// Carries out the writes that wait in the ring and go to memory, by the map they were made under. Call it
  /// before the host reads RAM that the guest may have written. Those for the bus are given to the next
  /// after_run().
  void drain();

  /// Tells `log`, which is borrowed, from now on which RAM is written, by its offset: what the mapper itself
  /// writes at once and to the byte, what the guest writes by the page and when harvest() is called, or when
  /// a slot goes. Null: no more. Changes of PAM lose nothing and cost no more calls. DMA is the embedder's to
  /// tell. After an error all is as before. For a VM without KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 and dirty
  /// rings.
  Result<void> log_writes(WriteLog* log);
  /// Tells the log of all that the guest wrote till now. May be called while vCPUs run, on any thread but
  /// one that a pause waits for.
  void harvest();

  /// True once the old map could not be put back.
  bool is_lost() const { return is_lost_.load(std::memory_order_acquire); }
  /// The line to stop the machine with, once it is lost. Waits for a commit in hand only then.
  std::optional<Error> lost() const {
    if (!is_lost()) return std::nullopt;
    const std::scoped_lock lock(commit_lock_);
    return lost_;
  }

  /// "protection, fenced": which way was taken, for a person.
  std::string way_line() const;
  /// kFence or kPause.
  Stillness stillness() const { return stillness_; }

  /// The slots in place outside of SMM, sorted by address; on the committing thread.
  std::span<const Slot> slots() const { return spaces_.front()->table().slots(); }
  KvmMapperCounters counters() const;

 private:
  enum class Vcpus : std::uint8_t { kRunning, kFenced, kPaused };
  struct Move {
    std::size_t space;
    Operation operation;
  };
  // What a change is about to do.
  struct Step {
    memory::MemoryMap map;
    std::vector<AddressSpace::Step> spaces;  // one for each of spaces_
    ZoneChanges zones;
    std::vector<memory::LayoutChange> bus_master;
    Vcpus vcpus = Vcpus::kRunning;
    std::vector<Move> moves;

    bool shows_a_change() const { return !spaces.front().changes.empty() || !bus_master.empty(); }
    bool changes_vcpus() const {
      return !std::ranges::all_of(spaces, [](const AddressSpace::Step& space) { return space.is_empty(); });
    }
    bool is_needed() const { return changes_vcpus() || !bus_master.empty() || !zones.empty(); }
    MapChange change() const { return {spaces.front().changes, bus_master, map}; }
  };
  class Pause;

  KvmMapper(KvmMapperConfig config, PauseVcpus& pause, Syscalls& syscalls, const Capabilities& capabilities);
  Result<void> add_spaces();

  // Before a change: pure but for what it reads.
  Result<Step> prepare(const memory::MemoryMap& map, std::vector<Demotions> demotions) const;
  Result<void> check(const memory::Layout& view) const;
  ZoneChanges zones_for(const memory::MemoryMap& map) const;
  Vcpus vcpus_for(const Step& step) const;
  bool is_unseen(const AddressSpace& space, const AddressSpace::Step& step) const;
  bool is_quiet(const memory::LayoutChange& change, const AddressSpace& space,
                const AddressSpace::Step& step) const;

  // The change.
  Result<void> observed(Step& step);
  Result<void> transact(Step& step);
  Result<void> change(Step& step);
  Result<void> undo(const Error& cause, const Step& step, Pause& pause);
  Result<void> restore(const Step& step);
  Result<void> tell_changed(const Step& step);

  // After KVM_RUN.
  void drain_holding_map();
  AfterRun::Action complete(const kvm_run& run, AfterRun& after);
  const memory::Layout& seen_by(const kvm_run& run) const;
  AfterRun::Action not_emulated(const VcpuReturn& vcpu, AfterRun& after);
  AfterRun::Action refused(const VcpuReturn& vcpu, std::optional<Gpa> gpa, AfterRun& after);
  enum class Demoted : std::uint8_t { kNothing, kSomething, kLater };
  Result<Demoted> demote(std::uint64_t entered, std::optional<Gpa> gpa);
  std::vector<Demotions> demoted(std::optional<Gpa> gpa) const;
  std::string why_stopped(const VcpuReturn& vcpu, std::optional<Gpa> gpa) const;

  // Static configuration.
  const KvmMapperConfig config_;
  const int ring_page_;
  const Stillness stillness_;

  // Glue to the outside.
  PauseVcpus& pause_;
  Syscalls& syscalls_;

  // Volatile state.
  mutable std::mutex commit_lock_;
  // The first is what CPUs see, a second what they see in SMM. Under commit_lock_; the layouts as map_.
  std::vector<std::unique_ptr<AddressSpace>> spaces_;
  CoalescedZones zones_;       // under commit_lock_
  std::optional<Error> lost_;  // likewise
  std::atomic<bool> is_lost_{false};
  mutable memory::WriterFirstMutex map_lock_;
  memory::MemoryMap map_;          // written under both, read under either
  WriteLog* write_log_ = nullptr;  // as map_
  WriteRing ring_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::uint64_t> stray_reads_{0};
  KvmMapperCounters counters_;  // the rest of them, under commit_lock_
};

}  // namespace lowmeg::kvm
