// Keeps what a machine tells of itself, for a file that is written when the machine has ended: nothing that a
// disk does can hold up the guest.
#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "vmm/trace_event.hpp"

namespace cli {

/// Thread-safe until the machine has ended.
class TraceRecorder {
 public:
  /// So many events are kept, about 300 MiB; then the first ones stay and the others are counted.
  static constexpr std::size_t kMostEvents = 1'000'000;

  explicit TraceRecorder(std::size_t most_events = kMostEvents) : most_events_(most_events) {}

  void record(const vmm::TraceEvent& event);
  /// In the order in which they were told of.
  std::span<const vmm::TraceEvent> events() const { return events_; }
  std::uint64_t lost() const { return lost_; }

 private:
  const std::size_t most_events_;
  std::mutex mutex_;
  std::vector<vmm::TraceEvent> events_;
  std::uint64_t lost_ = 0;
};

}  // namespace cli
