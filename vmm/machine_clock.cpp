#include "vmm/machine_clock.hpp"

#include <algorithm>
#include <thread>

namespace vmm {

using std::chrono::nanoseconds;

std::uint64_t WallClock::now_ns() const {
  const auto since = std::chrono::steady_clock::now() - start_;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<nanoseconds>(since).count());
}

void WallClock::wait_until(std::uint64_t when_ns, nanoseconds at_most) {
  const std::uint64_t now = now_ns();
  if (when_ns <= now) return;
  const auto left = static_cast<nanoseconds::rep>(std::min<std::uint64_t>(when_ns - now, INT64_MAX));
  std::this_thread::sleep_for(std::min(nanoseconds(left), at_most));
}

void WallClock::go_on_from(std::uint64_t now_ns) {
  start_ = std::chrono::steady_clock::now() - nanoseconds(static_cast<nanoseconds::rep>(now_ns));
}

void InstructionClock::wait_until(std::uint64_t when_ns, nanoseconds /*at_most*/) {
  const std::uint64_t now = now_ns();
  if (when_ns > now) skipped_ns_ += when_ns - now;
}

// Time never stood behind the instructions; where the two do not go together, the sum wraps and is right.
void InstructionClock::go_on_from(std::uint64_t now_ns) {
  skipped_ns_ += now_ns - this->now_ns();
}

}  // namespace vmm
