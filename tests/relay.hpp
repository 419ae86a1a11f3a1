// Keeps a paravisor at a host's socket: when one ends, by itself or by SIGKILL, the next one is started.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lowmeg {

/// Words of a command; the first is the program.
using Words = std::vector<std::string>;

inline pid_t spawn(Words words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int spawned = ::posix_spawn(&pid, argv[0], &files, nullptr, argv.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (spawned != 0) throw std::runtime_error("posix_spawn");
  return pid;
}

class Relay {
 public:
  using Clock = std::chrono::steady_clock;

  /// `command` gives the n-th paravisor, from 0.
  explicit Relay(std::function<Words(unsigned n)> command)
      : command_(std::move(command)), thread_([this] { run(); }) {}
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() {
    ended_ = true;
    thread_.join();
  }

  /// Signals the paravisor that is there, after so long. From any thread.
  void signal(int number, std::chrono::microseconds after = {}) {
    const std::lock_guard lock(mutex_);
    signal_ = number;
    when_ = Clock::now() + after;
  }
  /// Until so many have ended, by whatever. A signal is for one: the next one's comes after that.
  void wait_for_ends(unsigned count) const {
    while (ends_ < count) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  unsigned started() const { return started_; }
  /// How many of them SIGKILL has ended.
  unsigned killed() const { return killed_; }

 private:
  void run() {
    while (!ended_) {
      const pid_t pid = spawn(command_(started_++));
      int status = 0;
      while (::waitpid(pid, &status, WNOHANG) == 0) {
        if (ended_) {
          ::kill(pid, SIGCONT);
          ::kill(pid, SIGTERM);
        }
        send_signal(pid);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ++killed_;
      ++ends_;
    }
  }
  void send_signal(pid_t pid) {
    const std::lock_guard lock(mutex_);
    if (signal_ == 0 || Clock::now() < when_) return;
    ::kill(pid, std::exchange(signal_, 0));
  }

  const std::function<Words(unsigned)> command_;
  std::mutex mutex_;  // guards the two below
  int signal_ = 0;
  Clock::time_point when_;
  std::atomic<bool> ended_{false};
  std::atomic<unsigned> started_{0}, killed_{0}, ends_{0};
  std::thread thread_;
};

}  // namespace lowmeg
