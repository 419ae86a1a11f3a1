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
// Who does what: plan_change() thinks of the calls, MapChanger makes a change of them, AddressSpace and what
// is below it carry them out, WriteRing has what waits of a guest's writes, Exits is what a vCPU's thread
// asks.
//
// Left out: guest_memfd, memory above 4 GiB (nothing here forbids it; no decoder makes it).
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>

#include "lowmeg/kvm/exits.hpp"
#include "lowmeg/kvm/map_changer.hpp"
#include "lowmeg/kvm/mapper_config.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::kvm {

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
  Result<void> commit(const memory::MemoryMap& map) override { return changer_->commit(map); }

  /// The map in place, as it was committed. The reference stays; read it on the committing thread or under
  /// hold().
  const memory::MemoryMap& map() const override { return changer_->map(); }

  /// Holds the map still while the guard lives: for DMA. Drain first when reading RAM that a guest writes
  /// through the ring.
  [[nodiscard]] std::shared_lock<memory::WriterFirstMutex> hold() const override { return changer_->hold(); }

  /// Tells where the coalesced ring is: `run` is the mapping of any one vCPU of the VM, of
  /// KVM_GET_VCPU_MMAP_SIZE bytes, and stays mapped until the next call. Call it before a vCPU runs; null
  /// before the mapping goes.
  void attach_ring(kvm_run* run) { ring_.attach(CoalescedRing::of(run, ring_page_)); }

  /// Counts the changes of the map and of what shows it. A vCPU thread reads it before each KVM_RUN.
  std::uint64_t generation() const { return changer_->generation(); }

  /// The one call after each KVM_RUN, on the vCPU's thread: drains the ring, carries out what the map can,
  /// and says what is left to do. It may pause the other vCPUs, and waits for a commit in hand.
  ///
  /// A VMM with one lock for all its devices makes the call and does what it says under that lock. With
  /// finer ones: for each of `writes` wait_for(its ticket), carry it out, done(its ticket); and before the
  /// exit itself wait_for(`ticket`).
  AfterRun after_run(const VcpuReturn& vcpu) { return exits_->after_run(vcpu); }
  void wait_for(std::uint64_t ticket) { ring_.wait_for(ticket); }
  void done(std::uint64_t ticket) { ring_.done(ticket); }

  /// Carries out the writes that wait in the ring and go to memory, by the map they were made under. Call it
  /// before the host reads RAM that the guest may have written. Those for the bus are given to the next
  /// after_run().
  void drain() { changer_->drain(); }

  /// Tells `log`, which is borrowed, from now on which RAM is written, by its offset: what the mapper itself
  /// writes at once and to the byte, what the guest writes by the page and when harvest() is called, or when
  /// a slot goes. Null: no more. Changes of PAM lose nothing and cost no more calls. DMA is the embedder's to
  /// tell. After an error all is as before. For a VM without KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 and dirty
  /// rings.
  Result<void> log_writes(WriteLog* log) { return changer_->log_writes(log); }
  /// Tells the log of all that the guest wrote till now. May be called while vCPUs run, on any thread but
  /// one that a pause waits for.
  void harvest() { changer_->harvest(); }

  /// True once the old map could not be put back.
  bool is_lost() const { return changer_->is_lost(); }
  /// The line to stop the machine with, once it is lost. Waits for a commit in hand only then.
  std::optional<Error> lost() const { return changer_->lost(); }

  /// "protection, fenced": which way was taken, for a person.
  std::string way_line() const { return kvm::way_line(config_.way, stillness_); }
  /// kFence or kPause.
  Stillness stillness() const { return stillness_; }

  /// The slots in place outside of SMM, sorted by address; on the committing thread.
  std::span<const Slot> slots() const { return changer_->slots(); }
  KvmMapperCounters counters() const;

 private:
  KvmMapper(KvmMapperConfig config, Stillness stillness, int ring_page)
      : config_(std::move(config)), stillness_(stillness), ring_page_(ring_page) {}

  const KvmMapperConfig config_;
  const Stillness stillness_;
  const int ring_page_;
  WriteRing ring_;
  std::unique_ptr<MapChanger> changer_;
  std::optional<Exits> exits_;
};

}  // namespace lowmeg::kvm
