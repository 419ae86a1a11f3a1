// A GET host that follows a script, on a thread of its own, at the far end of a real socket.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lowmeg/get/packet_socket.hpp"
#include "lowmeg/get/wire.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::fakes {

/// Takes so many messages, then sends these.
struct Turn {
  unsigned take = 1;
  std::vector<std::string> answers;  ///< in hex
};

class ScriptedHost {
 public:
  enum class Then {
    kClose,
    kSilence,  ///< reads on until the client goes, and says nothing
  };

  ScriptedHost(get::PacketSocket socket, std::vector<Turn> turns, Then then)
      : turns_(std::move(turns)),
        then_(then),
        thread_([this](get::PacketSocket own) { run(own); }, std::move(socket)) {}
  /// The client must have gone, unless the script ends with kClose.
  ~ScriptedHost() {
    if (thread_.joinable()) thread_.join();
  }

  /// Waits until the answers of the first `count` turns lie in the client's queue, or the script has ended.
  void wait_for_turns(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || turns_done_ >= count; });
  }
  /// Whether the script ends within ten seconds: with kSilence, when the client hangs up.
  bool ends() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return ended_; });
  }
  /// What has come, in hex, once the script has ended: as the destructor.
  std::vector<std::string> received() {
    if (thread_.joinable()) thread_.join();
    return received_;
  }

 private:
  void run(get::PacketSocket& socket) {
    follow(socket);
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void follow(get::PacketSocket& socket) {
    for (const Turn& turn : turns_) {
      for (unsigned i = 0; i < turn.take; ++i) {
        if (!take(socket)) return;
      }
      for (const std::string& answer : turn.answers) {
        if (!socket.send(unhex(answer), get::Deadline::max())) return;
      }
      const std::lock_guard lock(mutex_);
      ++turns_done_;
      changed_.notify_all();
    }
    while (then_ == Then::kSilence && take(socket)) {
    }
  }
  bool take(get::PacketSocket& socket) {
    std::vector<std::uint8_t> buffer(get::wire::kMaxMessageSize);
    const auto size = socket.receive(buffer, get::Deadline::max());
    if (size) received_.push_back(hex(std::span(buffer).first(*size)));
    return size.has_value();
  }

  const std::vector<Turn> turns_;
  const Then then_;
  std::vector<std::string> received_;  // the thread's, until it has been joined

  std::mutex mutex_;  // guards the two below
  std::size_t turns_done_ = 0;
  bool ended_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace lowmeg::fakes
