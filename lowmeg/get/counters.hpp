// What went over a GET connection, counted alike at both ends.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>

#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {

/// Creates by the status that the host gave; a number that has no name counts as kFailed.
class StatusCounts {
 public:
  void count(CreateStatus status) {
    const auto index = static_cast<std::size_t>(status);
    ++counts_[index < counts_.size() ? index : static_cast<std::size_t>(CreateStatus::kFailed)];
  }
  std::uint64_t of(CreateStatus status) const { return counts_[static_cast<std::size_t>(status)]; }
  std::uint64_t total() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }
  std::uint64_t refused() const { return total() - of(CreateStatus::kSuccess); }

  friend bool operator==(const StatusCounts&, const StatusCounts&) = default;

 private:
  std::array<std::uint64_t, 6> counts_{};
};

/// The version exchange is no request here, but its bytes and time count.
struct Counters {
  StatusCounts creates;
  std::uint64_t resets = 0;
  std::uint64_t round_trips = 0;  ///< waits for the host: one for each request, or for each batch
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t nanoseconds = 0;  ///< client: sending and waiting; host: changing the map
  std::uint64_t commits = 0;      ///< host only: changes of the map that were tried

  std::uint64_t requests() const { return creates.total() + resets; }
  void count(const RangeRequest& request, CreateStatus status) {
    if (std::holds_alternative<ResetRamGpaRange>(request)) {
      ++resets;
    } else {
      creates.count(status);
    }
  }

  friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace lowmeg::get
