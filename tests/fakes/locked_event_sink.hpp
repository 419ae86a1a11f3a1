// An EventSink for several threads: keeps the texts that it hears, and lets a test wait for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::fakes {

class LockedEventSink final : public EventSink {
 public:
  void event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    texts_.push_back(event.text);
    heard_.notify_all();
  }

  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  /// The texts, once there are so many, or after ten seconds.
  std::vector<std::string> wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    heard_.wait_for(lock, std::chrono::seconds(10), [&] { return texts_.size() >= count; });
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable heard_;
  std::vector<std::string> texts_;
};

}  // namespace lowmeg::fakes
