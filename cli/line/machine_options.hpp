// What a machine is built from, and who looks at it, for each command that runs one.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "cli/line/options.hpp"

namespace cli {

/// The options as given; must be there when the line is parsed.
struct MachineLine {
  BootOptions options;
  std::string accel = "auto";
  std::string kvm_map = "auto";
  std::string pam = "hyperv";
  std::string console = "402";
  std::string until;
  CLI::Option* until_given = nullptr;
  CLI::Option* timeout_given = nullptr;
  bool deterministic = false;
  bool init_resets_board = false;

  void add_to(CLI::App& command);
  /// What does not go together, or nothing.
  std::optional<std::string> complaint() const;
  /// What it all means.
  BootOptions chosen() const;

 private:
  void add_hardware(CLI::App& command);
  void add_cards_and_media(CLI::App& command);
  void add_run(CLI::App& command);
  void add_observers(CLI::App& command);
};

}  // namespace cli
