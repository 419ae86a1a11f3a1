// A VM's map and its changes: each is made whole or not at all, and without a moment in between that a vCPU
// could see.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "lowmeg/kvm/change_plan.hpp"
#include "lowmeg/kvm/mmio.hpp"
#include "lowmeg/kvm/pause_vcpus.hpp"
#include "lowmeg/kvm/syscalls.hpp"
#include "lowmeg/kvm/write_ring.hpp"
#include "lowmeg/memory/writer_first_mutex.hpp"

namespace lowmeg::kvm {

/// KvmMapper's transaction; where both have a function of one name, it is described there. Thread-safe. The
/// map lock is held exclusively while the map changes, the commit lock during the whole of a change.
class MapChanger {
 public:
  struct Parts {
    const KvmMapperConfig& config;
    Stillness stillness;  ///< kFence or kPause
    int ring_page;        ///< 0: KVM has no ring
    WriteRing& ring;
    PauseVcpus& pause;
    Syscalls& syscalls;
  };
  /// Borrows all parts.
  static Result<std::unique_ptr<MapChanger>> create(const Parts& parts);

  Result<void> commit(const memory::MemoryMap& map);

  enum class Demoted : std::uint8_t { kNothing, kSomething, kLater };
  /// Gives the pages that refuse writes a read-only slot: those that go with `gpa`, or all. kNothing when
  /// there are none. kLater when the map is being changed or has changed since `entered`: the vCPU should
  /// just come again, since whoever changes the map may be waiting for it to stand still.
  Result<Demoted> demote(std::uint64_t entered, std::optional<Gpa> gpa);

  const memory::MemoryMap& map() const { return map_; }
  [[nodiscard]] std::shared_lock<memory::WriterFirstMutex> hold() const {
    return std::shared_lock(map_lock_);
  }
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  enum class CpuMode : std::uint8_t { kNormal, kSmm };
  /// What a vCPU sees. The caller holds the map.
  const memory::Layout& seen_in(CpuMode mode) const;
  /// complete_by() what a vCPU sees. The caller holds the map.
  MmioVerdict complete(CpuMode mode, const MmioAccess& access) const;

  void drain();
  Result<void> log_writes(WriteLog* log);
  void harvest();

  bool is_lost() const { return is_lost_.load(std::memory_order_acquire); }
  std::optional<Error> lost() const;
  std::span<const Slot> slots() const { return spaces_.front()->table().slots(); }
  /// But for what its parts count.
  KvmMapperCounters counters() const;

 private:
  class Pause;

  explicit MapChanger(const Parts& parts);
  Result<void> add_spaces();

  PlanInputs in_place() const;
  std::vector<Demotions> promoted_by(const memory::MemoryMap& map) const;
  std::vector<Demotions> demoted(std::optional<Gpa> gpa) const;
  Result<void> observed(ChangePlan& plan);
  Result<void> transact(ChangePlan& plan);
  Result<void> change(ChangePlan& plan);
  Result<void> undo(const Error& cause, const ChangePlan& plan, Pause& pause);
  Result<void> restore(const ChangePlan& plan);
  Result<void> tell_changed(const ChangePlan& plan);
  void drain_holding_map();

  // Static configuration and glue to the outside.
  const Parts parts_;

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
  std::atomic<std::uint64_t> generation_{0};
  KvmMapperCounters counters_;  // under commit_lock_
};

}  // namespace lowmeg::kvm
