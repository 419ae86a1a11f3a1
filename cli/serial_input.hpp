// What comes in at stdin, for the guest's serial port: keys of a terminal, or what a pipe or file holds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "cli/raw_terminal.hpp"
#include "vmm/machine.hpp"

namespace cli {

/// No threads. Never waits.
class SerialInput {
 public:
  /// From descriptor `fd`, borrowed; a terminal is taken over while this lives. With Timing::kDeterministic a
  /// regular file alone is read: what else comes, and when, would differ from run to run.
  SerialInput(int fd, vmm::Timing timing);

  /// The next bytes that are there; 0: none, or none ever again.
  std::size_t read(std::span<std::uint8_t> to);

 private:
  int fd_;
  std::unique_ptr<RawTerminal> terminal_;
  bool open_ = true;
};

}  // namespace cli
