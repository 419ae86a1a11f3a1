// A lock that many may share, and that whoever wants it alone gets next.
//
// std::shared_mutex lets those who share it overtake whoever waits to have it alone: three devices that take
// it by turns can hold up a change of the memory map for seconds, with every CPU stopped. Here who shares
// waits as soon as somebody wants it alone.
#pragma once

#include <condition_variable>
#include <mutex>

namespace lowmeg::memory {

/// For std::unique_lock and std::shared_lock. Not recursive either way: a thread that shares it already and
/// asks again waits for a writer that waits for it.
class WriterFirstMutex {
 public:
  void lock() {
    std::unique_lock inner(inner_);
    ++writers_waiting_;
    changed_.wait(inner, [this] { return !has_writer_ && readers_ == 0; });
    --writers_waiting_;
    has_writer_ = true;
  }
  void unlock() {
    {
      const std::lock_guard inner(inner_);
      has_writer_ = false;
    }
    changed_.notify_all();
  }
  void lock_shared() {
    std::unique_lock inner(inner_);
    changed_.wait(inner, [this] { return !has_writer_ && writers_waiting_ == 0; });
    ++readers_;
  }
  void unlock_shared() {
    bool is_last = false;
    {
      const std::lock_guard inner(inner_);
      is_last = --readers_ == 0;
    }
    if (is_last) changed_.notify_all();
  }

 private:
  std::mutex inner_;  // guards all below; held for a few instructions
  std::condition_variable changed_;
  unsigned readers_ = 0;
  unsigned writers_waiting_ = 0;
  bool has_writer_ = false;
};

}  // namespace lowmeg::memory
