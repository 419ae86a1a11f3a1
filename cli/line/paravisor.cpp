// lowmeg paravisor
#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"

namespace cli {
namespace {

struct ParavisorLine {
  ParavisorOptions options;
  std::string get = "batched";
};

}  // namespace

void add_paravisor(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<ParavisorLine>();
  ParavisorOptions& options = line->options;
  CLI::App& command =
      *program.add_subcommand("paravisor", "Be the host bridge of a machine that lowmeg host runs");
  command.footer("Example: lowmeg paravisor --socket /tmp/get --take-over");
  command.add_option("--socket", options.socket, "Where the host listens")->required();
  command.add_option("--bridge", options.bridge, "Refuse a machine that has another one")
      ->check(CLI::IsMember({"i440fx", "i440bx", "hyperv"}));
  command.add_option("--wait", options.wait_s, "Seconds to wait for the host to be there")
      ->check(positive_seconds());
  command.add_flag("--take-over", options.take_over, "Take the seat also of a paravisor that is there");
  add_get(command, line->get);
  add_memory(command, options.memory)->description("RAM, of a host that does not tell by STATE");
  command.add_flag("--stats", options.stats, "At the end, what went over GET, by kind and status");
  command.callback([line, &chosen] {
    line->options.batching = batching_named(line->get);
    chosen = line->options;
  });
}

}  // namespace cli
