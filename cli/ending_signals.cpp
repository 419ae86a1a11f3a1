#include "cli/ending_signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace cli {
namespace {

constexpr std::array<std::pair<int, const char*>, 3> kSignals{
    {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}}};

// A handler can reach nothing else. The pipe wakes who waits; a lock-free atomic may be touched in a handler.
std::atomic<int> caught_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);
std::array<int, 2> wake_pipe{-1, -1};

extern "C" void lowmeg_catch_signal(int signal) {
  const int saved_errno = errno;
  int none = 0;
  caught_signal.compare_exchange_strong(none, signal);
  static_cast<void>(!::write(wake_pipe[1], "", 1));
  errno = saved_errno;
}

}  // namespace

EndingSignals::EndingSignals() {
  if (wake_pipe[0] < 0) static_cast<void>(!::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK));
  for (const auto& [signal, name] : kSignals) {
    struct sigaction old{};
    ::sigaction(signal, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;
    struct sigaction action{};
    action.sa_handler = lowmeg_catch_signal;
    action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
  }
}

int EndingSignals::caught() const {
  return caught_signal;
}

int EndingSignals::fd() const {
  return wake_pipe[0];
}

int EndingSignals::wait() const {
  while (caught() == 0 && !released_) {
    pollfd waited{wake_pipe[0], POLLIN, 0};
    // SAFETY: one pollfd of ours.
    static_cast<void>(::poll(&waited, 1, -1));
  }
  return caught();
}

void EndingSignals::release() {
  released_ = true;
  static_cast<void>(!::write(wake_pipe[1], "", 1));
}

const char* EndingSignals::name_of(int signal) {
  for (const auto& [number, name] : kSignals) {
    if (number == signal) return name;
  }
  return "a signal";
}

}  // namespace cli
