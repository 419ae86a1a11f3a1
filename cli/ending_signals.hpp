// The signals by which a person or a service manager ends a command: SIGINT, SIGTERM and SIGHUP.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
namespace cli {

/// Catches them from the constructor on, for the rest of the process. One that was ignored stays so (nohup,
/// a job in the background). The same signal for a second time ends the process at once. One object a
/// process.
class EndingSignals {
 public:
  EndingSignals();

  /// The signal that came; 0: none yet. For any thread.
  int caught() const;
  /// Readable once one has come, for who waits for something else as well.
  int fd() const;
  /// Blocks until one has come, and gives it; 0 after release().
  int wait() const;
  /// Lets wait() go, on whatever thread it is.
  void release();

  /// "SIGTERM", say.
  static const char* name_of(int signal);
  /// What a shell reports for a process that a signal ended: 128 + its number.
  static constexpr int exit_status(int signal) { return 128 + signal; }

 private:
  std::atomic<bool> released_ = false;
};

/// Calls `end` on a thread of its own when a signal comes, until it is destroyed.
class OnEndingSignal {
 public:
  OnEndingSignal(EndingSignals& signals, std::function<void()> end)
      : signals_(signals), thread_([this, end = std::move(end)] {
          if (signals_.wait() != 0) end();
        }) {}
  OnEndingSignal(const OnEndingSignal&) = delete;
  OnEndingSignal& operator=(const OnEndingSignal&) = delete;
  ~OnEndingSignal() {
    signals_.release();
    thread_.join();
  }

 private:
  EndingSignals& signals_;
  std::thread thread_;
};

}  // namespace cli
