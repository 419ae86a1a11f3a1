// The command line as values. Wrong usage is one line and exit status 2.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "vmm/machine.hpp"

namespace cli {

struct BootOptions {
  std::string firmware = "/usr/share/seabios/bios.bin";
  std::string bridge = "i440fx";
  std::string vgabios;
  std::string floppy;
  std::uint64_t memory = 64ull << 20;  ///< bytes
  vmm::ConsoleSource console = vmm::ConsoleSource::kBiosPorts;
  std::string until = "No bootable device";
  double timeout_s = 60;
  vmm::Timing timing = vmm::Timing::kWall;
  bool quiet = false;
};

/// What to print and exit with instead of running a command: help, the version, or a complaint.
struct Farewell {
  std::string text;
  int exit_status = 0;
};

inline constexpr int kWrongUsage = 2;

std::variant<BootOptions, Farewell> parse_command_line(int argc, const char* const* argv);

}  // namespace cli
