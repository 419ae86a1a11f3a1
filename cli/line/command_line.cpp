#include "cli/line/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <sstream>

#include "cli/line/commands.hpp"
#include "cli/line/completion.hpp"
#include "cli/line/manual.hpp"

namespace cli {
namespace {

// In the order of the help.
constexpr void (*kCommands[])(CLI::App& program, Command& chosen) = {
    add_boot, add_watch, add_check, add_host, add_paravisor, add_qtest, add_state, add_decode, add_inspect,
};

// CLI11 says some things in several lines.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

Farewell wrong_usage(const std::string& what, const std::string& command) {
  return {"lowmeg: " + what + " (see lowmeg " + command + "--help)\n", kWrongUsage};
}

// What the packaging asks for and no person: pages of the manual, and completion.
std::optional<Farewell> manual_for(const CLI::App& app, const std::string& option, const std::string& name) {
  if (option == "--reference") return Farewell{reference_page(app), 0};
  if (option == "--completion") return Farewell{bash_completion(app), 0};
  if (option != "--man") return std::nullopt;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return Farewell{man_page(app, command), 0};
  }
  if (name.empty() || name == "lowmeg") return Farewell{man_page(app, nullptr), 0};
  return wrong_usage("--man: " + name + " is no command", "");
}

// What `error` means for a line whose first word is `named`.
Farewell farewell_for(const CLI::App& app, const CLI::ParseError& error, const std::string& named) {
  if (error.get_exit_code() == 0) {
    std::ostringstream text;
    app.exit(error, text, text);
    return {text.str(), 0};
  }
  const auto commands = app.get_subcommands({});
  if (std::ranges::find(commands, named, &CLI::App::get_name) != commands.end())
    return wrong_usage(one_line(error.what()), named + " ");
  return wrong_usage(named.empty() ? "a command is needed" : named + " is no command", "");
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  if (const auto words = words_of_a_machine({argv, static_cast<std::size_t>(argc)})) {
    std::vector<const char*> line{argv[0]};
    for (const std::string& word : *words) line.push_back(word.c_str());
    return parse_command_line(static_cast<int>(line.size()), line.data());
  }
  Command chosen;
  CLI::App app("Lowmeg: the first megabyte of a PC, for hypervisors", "lowmeg");
  app.set_version_flag("--version", "lowmeg " LOWMEG_VERSION);
  app.require_subcommand(1);
  for (const auto add : kCommands) add(app, chosen);
  const std::string named = argc > 1 ? argv[1] : "";
  if (const auto manual = manual_for(app, named, argc > 2 ? argv[2] : "")) return *manual;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return farewell_for(app, error, named);
  }
  return chosen;
}

}  // namespace cli
