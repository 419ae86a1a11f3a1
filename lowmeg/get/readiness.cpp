#include "lowmeg/get/readiness.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

namespace lowmeg::get {
namespace {

// Milliseconds until the deadline for poll(2), rounded up: never a busy loop, never for ever.
int milliseconds_left(Deadline deadline) {
  const auto now = std::chrono::steady_clock::now();
  if (deadline <= now) return 0;  // compared first: the difference to Deadline::min() would overflow
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
  return static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000'000));
}

}  // namespace

Result<void> wait_until_ready(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd waited{fd, events, 0};
    // SAFETY: one pollfd of ours.
    const int ready = ::poll(&waited, 1, milliseconds_left(deadline));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno("poll on the GET connection");
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline)
      return fail(Errc::kTimeout, "the GET peer has not answered in time");
  }
}

}  // namespace lowmeg::get
