// A command of somebody else's that is run by the shell and read until it has said enough.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "vmm/machine.hpp"

namespace cli {

/// How it ended.
struct PeerEnd {
  enum class Kind {
    kEnough,   ///< the reader had enough, and it was ended
    kExited,   ///< by itself
    kTimeout,  ///< it was ended
    kSignal,   ///< we got one (value), and it was ended
  };
  Kind kind = Kind::kExited;
  int value = 0;           ///< its exit status, or 128 + the signal that ended it
  std::string last_error;  ///< the last line that it wrote to stderr
};

/// Whether what has been read is enough.
enum class Reading { kGoOn, kEnough };

/// Runs `command` by /bin/sh, in a process group of its own, with nothing on stdin; gives each piece of its
/// stdout to `reader`. The whole group is ended before it returns: SIGTERM, and SIGKILL after a second.
/// Catches the ending signals of this process (EndingSignals). An error: no process or pipe could be had.
lowmeg::Result<PeerEnd> run_peer(const std::string& command, std::chrono::nanoseconds timeout,
                                 const std::function<Reading(std::string_view)>& reader);

/// `command` with each {rom} replaced by `path`, quoted for the shell; without one it comes last.
std::string with_rom(const std::string& command, const std::string& path);

}  // namespace cli
