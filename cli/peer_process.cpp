#include "cli/peer_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include "cli/ending_signals.hpp"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kLongestError = 200;
constexpr auto kPatience = std::chrono::seconds(1);

// Both ends, closed at the end.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_end(std::size_t which) {
    if (int fd = std::exchange(ends[which], -1); fd >= 0) ::close(fd);
  }
};

int spawn_shell(const std::string& command, const Pipe& out, const Pipe& err, pid_t& pid) {
  std::string shell = "/bin/sh", flag = "-c", text = command;
  char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, out.ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, err.ends[1], STDERR_FILENO);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  // SAFETY: all of it lives until the call is over; posix_spawn copies what the child needs.
  const int failed = ::posix_spawn(&pid, argv[0], &files, &attributes, argv, ::environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return failed;
}

// Its group, asked and then made to end.
int end_group(pid_t pid) {
  int status = 0;
  ::kill(-pid, SIGTERM);
  for (const auto until = Clock::now() + kPatience; Clock::now() < until;) {
    if (::waitpid(pid, &status, WNOHANG) == pid) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(-pid, SIGKILL);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The last whole line, or what there is of one.
void note_error(std::string& last, bool& ended, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      ended = true;
      continue;
    }
    if (std::exchange(ended, false)) last.clear();
    if (last.size() < kLongestError) last += c < ' ' || c > '~' ? '?' : c;
  }
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// Reads both of its streams until there is a reason to stop.
class PeerReader {
 public:
  PeerReader(Pipe& out, Pipe& err, const std::function<Reading(std::string_view)>& reader)
      : out_(out), err_(err), reader_(reader) {}

  PeerEnd read_until(Clock::time_point deadline) {
    const EndingSignals signals;
    while (out_.ends[0] >= 0) {
      if (signals.caught() != 0) return end(PeerEnd::Kind::kSignal, signals.caught());
      if (Clock::now() >= deadline) return end(PeerEnd::Kind::kTimeout, 0);
      pollfd waited[] = {{out_.ends[0], POLLIN, 0}, {err_.ends[0], POLLIN, 0}, {signals.fd(), POLLIN, 0}};
      // SAFETY: three pollfds of ours; a closed end is -1, which poll passes over.
      if (::poll(waited, 3, milliseconds_until(deadline)) <= 0) continue;
      if (waited[1].revents != 0) note_error(end_.last_error, line_ended_, take(err_));
      if (waited[0].revents != 0 && reader_(take(out_)) == Reading::kEnough)
        return end(PeerEnd::Kind::kEnough, 0);
    }
    while (err_.ends[0] >= 0 && milliseconds_until(deadline) > 0) {
      pollfd waited{err_.ends[0], POLLIN, 0};
      // SAFETY: one pollfd of ours.
      if (::poll(&waited, 1, std::min(100, milliseconds_until(deadline))) <= 0) break;
      note_error(end_.last_error, line_ended_, take(err_));
    }
    return end(PeerEnd::Kind::kExited, 0);
  }

 private:
  PeerEnd end(PeerEnd::Kind kind, int value) {
    end_.kind = kind;
    end_.value = value;
    return end_;
  }
  // What is there; nothing at the end, with which the pipe is closed.
  std::string_view take(Pipe& pipe) {
    const ssize_t got = ::read(pipe.ends[0], buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) return {};
    if (got <= 0) pipe.close_end(0);
    return {buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

  Pipe& out_;
  Pipe& err_;
  const std::function<Reading(std::string_view)>& reader_;
  PeerEnd end_;
  bool line_ended_ = false;
  std::array<char, 65536> buffer_{};
};

}  // namespace

lowmeg::Result<PeerEnd> run_peer(const std::string& command, std::chrono::nanoseconds timeout,
                                 const std::function<Reading(std::string_view)>& reader) {
  Pipe out, err;
  if (!out.open() || !err.open()) return lowmeg::fail_errno("pipe2");
  pid_t pid = -1;
  errno = spawn_shell(command, out, err, pid);
  if (errno != 0) return lowmeg::fail_errno("posix_spawn /bin/sh");
  out.close_end(1);
  err.close_end(1);
  PeerEnd end = PeerReader(out, err, reader).read_until(Clock::now() + timeout);
  const int status = end_group(pid);
  if (end.kind == PeerEnd::Kind::kExited) end.value = status;
  return end;
}

std::string with_rom(const std::string& command, const std::string& path) {
  static constexpr std::string_view kPlace = "{rom}";
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  quoted += '\'';
  std::string text = command;
  if (text.find(kPlace) == std::string::npos) return text + ' ' + quoted;
  for (std::size_t at = 0; (at = text.find(kPlace, at)) != std::string::npos; at += quoted.size())
    text.replace(at, kPlace.size(), quoted);
  return text;
}

}  // namespace cli
