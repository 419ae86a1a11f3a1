// Waiting for somebody who is still to come to a socket.
#pragma once

#include <cerrno>
#include <chrono>
#include <thread>

namespace cli {

/// `connect()`, a Result, tried anew for `seconds` while nobody is there; what came of the last try.
template <typename Connect>
auto connected_within(double seconds, Connect connect) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kBetween{50};
  const auto end = steady_clock::now() + std::chrono::duration<double>(seconds);
  const auto is_nobody_there = [](int error) { return error == ENOENT || error == ECONNREFUSED; };
  for (;;) {
    auto result = connect();
    if (result || !is_nobody_there(result.error().os_error) || steady_clock::now() >= end) return result;
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace cli
