// Makes a running KVM guest see a MemoryMap: all or nothing, without a moment in between that a vCPU could
// see.
//
// Source: Linux, Documentation/virt/kvm/api.rst (KVM_SET_USER_MEMORY_REGION, KVM_REGISTER_COALESCED_MMIO);
// the measured behaviour that the rules rest on is in docs/reference/kvm.md.
//
// A page is ordinary memory (a slot without flags), read-only (a KVM_MEM_READONLY slot: reads and fetches
// run, a write exits and goes by its write route), or nothing (every access exits). It sits in somebody
// else's VMM: it borrows the VM, owns the slot ids and the window that it was given, and asks for pauses
// through PauseVcpus.
//
// Left out: system management mode (the SMM view is kept as a value), dirty logging, guest_memfd, memory
// above 4 GiB (nothing here forbids it; no decoder makes it).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "lowmeg/kvm/capabilities.hpp"
#include "lowmeg/kvm/coalesced_ring.hpp"
#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/host_window.hpp"
#include "lowmeg/kvm/map_observer.hpp"
#include "lowmeg/kvm/mmio.hpp"
#include "lowmeg/kvm/pause_vcpus.hpp"
#include "lowmeg/kvm/slot_plan.hpp"
#include "lowmeg/kvm/syscalls.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::kvm {

/// Takes the writes out of the coalesced ring that the map sends to the bus. A VM has one ring and KvmMapper
/// empties it, so those of zones that the embedder registered himself come here too.
class BusWrites {
 public:
  virtual ~BusWrites() = default;

  /// At most 8 bytes; all writes in the order in which they were made, one call at a time. Called on the
  /// thread that drains or commits, with none of the locks that complete() and hold() need. Do not commit or
  /// drain from here, nor wait for a lock that is held across either.
  virtual void bus_write(Gpa gpa, std::span<const std::uint8_t> data) = 0;
  /// The same for a coalesced port, which only the embedder can have registered.
  virtual void port_write(std::uint16_t /*port*/, std::span<const std::uint8_t> /*data*/) {}
};

struct KvmMapperConfig {
  /// Borrowed; outlives the mapper.
  int vm_fd = -1;
  /// The mapper's part of the address space; nobody else has slots there.
  GpaRange window{0xa0000, 0x100000};
  /// The mapper owns this slot id and those that follow. Typical maps take about 10.
  std::uint32_t first_slot = 0;
  std::uint32_t slot_count = 128;
  /// No slot crosses one of these, so that a change on one side never takes away a slot on the other.
  std::vector<Gpa> cuts{0xa0000, 0xc0000, 0x100000};
  /// Borrowed; outlives the mapper.
  GuestMemory memory = {};
  /// Writes here wait in the ring instead of exiting, wherever no read-write slot takes them. May be empty.
  GpaRange coalesced{0xc0000, 0x100000};
  /// Left out of `coalesced`: a device there wants its writes at once.
  std::vector<GpaRange> device_ranges = {};
  /// Borrowed, may be null.
  MapObserver* observer = nullptr;
  /// Borrowed. Null: writes to the bus that come through the ring vanish.
  BusWrites* bus_writes = nullptr;
};

/// How often it did what; for people and benchmarks.
struct KvmMapperCounters {
  std::uint64_t commits = 0;         ///< that changed something
  std::uint64_t pauses = 0;          ///< of the vCPUs
  std::uint64_t slot_calls = 0;      ///< slots created or deleted
  std::uint64_t swaps = 0;           ///< mappings replaced
  std::uint64_t drained_writes = 0;  ///< entries taken out of the coalesced ring
  std::uint64_t stray_reads = 0;     ///< that exited although there are bytes; 0 when pauses are right
};

/// Thread-safe. Commits wait for each other. The map lock is held exclusively while the map changes, and
/// shared by complete(), drain(), fetch_failed() and hold(). Order of locks: the embedder's device locks,
/// then the commit lock (held during PauseVcpus and MapObserver), then the hand-over lock (taken by commit
/// after its pause and by drain; held during BusWrites), then the map lock, then the ring's. A thread never
/// calls commit or drain while it holds the map.
class KvmMapper final : public memory::Mapper {
 public:
  /// Borrows `pause` and `syscalls`. Reserves a stretch of host addresses as long as the window (no memory)
  /// and registers the coalesced zone; starts with everything on the bus, without a slot. kNotSupported when
  /// KVM lacks what it needs, kInvalidArgument for a configuration that cannot be, kSystem when a call fails.
  static Result<std::unique_ptr<KvmMapper>> create(KvmMapperConfig config, PauseVcpus& pause,
                                                   Syscalls& syscalls = Syscalls::system());
  /// Deletes its slots, unregisters the zone and unmaps the window. No vCPU may be in KVM_RUN.
  ~KvmMapper() override;
  KvmMapper(const KvmMapper&) = delete;
  KvmMapper& operator=(const KvmMapper&) = delete;

  /// Makes the guest see `map`, whose window contains the mapper's; only that part is acted on, and only the
  /// CPU view. Refused with kNotSupported: a fetch route other than the read route, more slots than it owns.
  /// With kInvalidArgument: a route outside RAM or ROM, a map that does not cover the window.
  ///
  /// vCPUs are paused unless nothing that they see changes, or just one mapping is swapped under a read-only
  /// slot whose write routes stay. The ring is drained under the old map first.
  ///
  /// When a call fails, the old map is put back and the error returned. When that fails too, the mapper is
  /// lost: the vCPUs stay paused, the error says so, and every later commit fails at once with the same line.
  /// The embedder should stop the machine.
  Result<void> commit(const memory::MemoryMap& map) override;

  /// The map in place, as it was committed. The reference stays; read it on the committing thread or under
  /// hold().
  const memory::MemoryMap& map() const override { return map_; }

  /// Holds the map still while the guard lives: for DMA. Drain first when reading RAM that a guest writes
  /// through the ring.
  [[nodiscard]] std::shared_lock<std::shared_mutex> hold() const override {
    return std::shared_lock(map_lock_);
  }

  /// Tells where the coalesced ring is: `run` is the mapping of any one vCPU of the VM, of
  /// KVM_GET_VCPU_MMAP_SIZE bytes, and stays mapped until the next call. Call it before a vCPU runs; null
  /// before the mapping goes.
  void attach_ring(kvm_run* run);

  /// Carries out the writes that wait in the ring, by the map they were made under. Call it after each
  /// KVM_RUN, before the exit is looked at, and before the host reads RAM that the guest may have written.
  /// When it returns, every write that was in the ring when it was called is done, whoever took it out.
  void drain();

  /// Carries out an MMIO exit as far as the map can; the rest is the board's (see MmioVerdict). A read that
  /// exits although there are bytes (a slot was missing for a moment) is done as well. Call drain() first.
  MmioVerdict complete(const MmioAccess& access);

  /// Counts the changes of the map. A vCPU thread reads it before each KVM_RUN.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// What to do after is_fetch_without_slot: run again if the map has changed since the vCPU entered with
  /// generation `entered`, else stop. `rip` is the linear address, for the line, which also says whether the
  /// map has bytes there (then KVM failed at the instruction); in a paged guest it may name another page.
  RetryVerdict fetch_failed(std::uint64_t entered, std::uint64_t rip) const;

  /// True once the old map could not be put back.
  bool is_lost() const { return is_lost_.load(std::memory_order_acquire); }
  /// The line to stop the machine with, once it is lost. Waits for a commit in hand only then.
  std::optional<Error> lost() const {
    if (!is_lost()) return std::nullopt;
    const std::scoped_lock lock(commit_lock_);
    return lost_;
  }

  /// The slots in place, sorted by address; on the committing thread.
  std::span<const Slot> slots() const { return table_.slots(); }
  KvmMapperCounters counters() const;

 private:
  enum class Vcpus { kRunning, kPaused };
  // What a commit is about to do.
  struct Step {
    std::vector<Operation> operations;
    std::vector<memory::LayoutChange> cpu;
    std::vector<memory::LayoutChange> bus_master;

    bool changes_nothing() const { return operations.empty() && cpu.empty() && bus_master.empty(); }
    Vcpus vcpus_needed() const;
  };
  using QueuedWrites = std::vector<kvm_coalesced_mmio>;

  KvmMapper(KvmMapperConfig config, PauseVcpus& pause, Syscalls& syscalls, HostWindow window,
            const Capabilities& capabilities);
  Result<void> register_zones();
  Result<Step> prepare(const memory::MemoryMap& map) const;
  Result<void> check(const memory::Layout& view) const;
  Result<void> change(const memory::MemoryMap& map, const Step& step);
  Result<void> change_holding_map(const memory::MemoryMap& map, const Step& step);
  Result<void> undo(const Error& cause, Vcpus& vcpus);
  Result<void> apply(std::span<const Operation> operations);
  Result<void> carry_out(const Operation& operation);
  Result<void> set_slot(const Slot& slot, std::uint64_t size);
  QueuedWrites drain_holding_map();
  void hand_over(const QueuedWrites& writes);

  // Static configuration.
  KvmMapperConfig config_;
  PlanRules rules_;
  int ring_page_;

  // Glue to the outside.
  PauseVcpus& pause_;
  Syscalls& syscalls_;
  HostWindow window_;
  std::vector<GpaRange> zones_;  // those that are registered

  // Volatile state.
  mutable std::mutex commit_lock_;
  SlotTable table_;            // under commit_lock_
  std::optional<Error> lost_;  // under commit_lock_
  std::atomic<bool> is_lost_{false};
  std::mutex hand_over_lock_;  // from taking writes out of the ring until BusWrites has had them
  mutable std::shared_mutex map_lock_;
  memory::MemoryMap map_;  // written under both, read under either
  memory::Layout cpu_;     // its CPU view within the window; as map_
  std::mutex ring_lock_;
  CoalescedRing ring_;  // under ring_lock_
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::uint64_t> drained_writes_{0};
  std::atomic<std::uint64_t> stray_reads_{0};
  KvmMapperCounters counters_;  // the rest of them, under commit_lock_
};

}  // namespace lowmeg::kvm
