// lowmeg inspect
#include <CLI/CLI.hpp>

#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"

namespace cli {

void add_inspect(CLI::App& program, Command& chosen) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App& command = *program.add_subcommand("inspect", "Show what a machine that runs looks like now");
  command.footer(
      "The machine must have been started with --inspect SOCKET.\n"
      "Exit status: 0; 1 when nobody answers; 2 for wrong usage.\n"
      "Example: lowmeg boot --inspect /tmp/machine & lowmeg inspect /tmp/machine --wait 5");
  command.add_option("SOCKET", options->socket, "Where it was told to be found")->required();
  CLI::Option* const json = command.add_flag("--json", options->json, "One JSON object");
  command.add_flag("--lspci", options->lspci, "Its PCI functions, as lspci -F reads them")->excludes(json);
  command.add_option("--wait", options->wait_s, "Seconds to wait for the machine to be there")
      ->check(positive_seconds());
  command.callback([options, &chosen] { chosen = *options; });
}

}  // namespace cli
