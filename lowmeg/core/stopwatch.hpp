// Adds the time of its life to a counter of nanoseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace lowmeg {

class Stopwatch {
 public:
  explicit Stopwatch(std::uint64_t& nanoseconds) : nanoseconds_(nanoseconds) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - start_;
    nanoseconds_ += static_cast<std::uint64_t>(taken.count());
  }

 private:
  std::uint64_t& nanoseconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace lowmeg
