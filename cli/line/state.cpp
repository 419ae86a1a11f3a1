// lowmeg state
#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"

namespace cli {
namespace {

struct StateLine {
  StateOptions options;
  std::string kind;
};

struct Direction {
  const char* name;
  StateDirection direction;
  bool has_json;  // on one side
  const char* what;
  const char* footer;
};

constexpr Direction kDirections[] = {
    {"encode", StateDirection::kEncode, true, "JSON in, bytes out",
     "Example: lowmeg state decode --hex bridge <state.hex | lowmeg state encode bridge >state.bin"},
    {"decode", StateDirection::kDecode, true, "Bytes in, JSON out",
     "Example: echo 108020 | lowmeg state decode --hex memory_range"},
    {"extract", StateDirection::kExtract, false,
     "A whole servicing state of OpenHCL's in, one message of it out",
     "Example: lowmeg state extract bridge_any <servicing.bin >bridge.bin"},
    {"insert", StateDirection::kInsert, false,
     "One message in; out comes the servicing state with it in its place",
     "Example: lowmeg state insert bridge_any --into servicing.bin <bridge.bin >new.bin"},
};

void add(CLI::App& command, const Direction& row, const std::shared_ptr<StateLine>& line, Command& chosen) {
  StateOptions& options = line->options;
  CLI::App& direction = *command.add_subcommand(row.name, row.what)->footer(row.footer);
  direction
      .add_option("KIND", line->kind,
                  "adjuster, bridge, memory_range, chip, adjuster_any, bridge_any or chip_any")
      ->check(CLI::IsMember(
          {"adjuster", "bridge", "memory_range", "chip", "adjuster_any", "bridge_any", "chip_any"}))
      ->required();
  direction.add_flag("--hex", options.hex, "Bytes as hexadecimal digits");
  if (row.has_json) {
    CLI::Option* const check =
        direction.add_flag("--check", options.check, "Also refuse what a restore would refuse");
    add_memory(direction, options.memory)->needs(check);
  }
  if (row.direction == StateDirection::kInsert)
    direction.add_option("--into", options.into, "The file with the servicing state")->required();
  direction.callback([line, &chosen, which = row.direction] {
    line->options.direction = which;
    line->options.kind = *state_kind(line->kind);
    chosen = line->options;
  });
}

}  // namespace

void add_state(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<StateLine>();
  CLI::App& command =
      *program.add_subcommand("state", "Saved state between JSON and bytes, or out of a larger one");
  command.require_subcommand(1);
  command.footer("Example: echo 108020 | lowmeg state decode --hex memory_range");
  for (const Direction& row : kDirections) add(command, row, line, chosen);
}

}  // namespace cli
