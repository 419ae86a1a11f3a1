// What a machine's parts are seen through where somebody records what happens in it.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "lowmeg/get/host.hpp"
#include "lowmeg/get/paravisor_seat.hpp"
#include "lowmeg/kvm/map_observer.hpp"
#include "vmm/machine_clock.hpp"
#include "vmm/tracing_mapper.hpp"
#include "vmm/tracing_pause.hpp"
#include "vmm/tracing_syscalls.hpp"

namespace vmm {

/// Lives longer than what it is seen through. Thread-safe once the machine is built; the sink hears of one
/// event at a time.
class MachineTrace final : private lowmeg::get::HostObserver, lowmeg::kvm::MapObserver {
 public:
  MachineTrace(TraceSink sink, Timing timing) : sink_(std::move(sink)), timing_(timing) {}
  MachineTrace(const MachineTrace&) = delete;
  MachineTrace& operator=(const MachineTrace&) = delete;

  // Each once, while the machine is built; all borrow.
  lowmeg::kvm::Syscalls& over(lowmeg::kvm::Syscalls& below);
  lowmeg::kvm::PauseVcpus& over(lowmeg::kvm::PauseVcpus& below);
  lowmeg::memory::Mapper& over(lowmeg::memory::Mapper& below);
  /// `below` may be null.
  lowmeg::get::HostObserver& over(lowmeg::get::HostObserver* below);
  /// Hears of demotions.
  lowmeg::kvm::MapObserver& kvm_map() { return *this; }
  /// Events have the time 0 till then.
  void keep_time_by(const Clock& clock) { clock_ = &clock; }

  /// An event that is over now, on one of the guest's threads.
  void tell(TraceEvent event);
  /// The machine's thread has taken a turn.
  void turn() { last_turn_ns_.store(now_ns(), std::memory_order_relaxed); }
  /// From any thread; waits begin and end on one.
  void seat(lowmeg::get::SeatNews news);
  /// From now on nothing is told, and nobody is being told.
  void close();

 private:
  void applied(std::span<const lowmeg::get::RangeRequest> requests,
               std::span<const lowmeg::get::CreateStatus> statuses,
               const lowmeg::get::RangeSlots& slots) override;
  void map_changed(const lowmeg::kvm::MapChange& /*change*/) override {}
  void demoted(std::span<const lowmeg::GpaRange> all) override;

  std::function<void(TraceEvent)> teller() {
    return [this](TraceEvent event) { tell(std::move(event)); };
  }
  std::uint64_t now_ns() const { return clock_ ? clock_->now_ns() : 0; }
  void tell_at(TraceEvent event, std::uint64_t now);

  const TraceSink sink_;
  const Timing timing_;
  const Clock* clock_ = nullptr;
  std::optional<TracingSyscalls> syscalls_;
  std::optional<TracingPause> pause_;
  std::optional<TracingMapper> mapper_;
  lowmeg::get::HostObserver* below_ = nullptr;
  std::atomic<std::uint64_t> last_turn_ns_{0};
  std::mutex telling_;
  bool is_closed_ = false;
  std::chrono::steady_clock::time_point waits_since_{};  // for a paravisor
};

}  // namespace vmm
