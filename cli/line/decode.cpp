// lowmeg decode
#include <CLI/CLI.hpp>

#include "cli/decode/config_space.hpp"
#include "cli/line/commands.hpp"

namespace cli {
namespace {

constexpr const char* kDecodeFooter =
    "INPUT is a file (or - or nothing: stdin) with what `lspci -xxx` prints, with 256 raw bytes, or the\n"
    "kernel's /sys/bus/pci/devices/0000:00:00.0/config; or PAM0-PAM6 as seven bytes of hex. Registers on\n"
    "top as with setpci. 440FX and 440BX are decoded.\n"
    "Exit status: 0; with --diff 1 where the two differ; 2 for bad input.\n"
    "Examples: lspci -xxx | lowmeg decode\n"
    "          lowmeg decode 30 33 33 33 33 33 33\n"
    "          lowmeg decode board.txt 59.b=30 72.b=1a";

// An address as lspci writes it.
CLI::Validator pci_slot() {
  return CLI::Validator(
      [](std::string& given) {
        return pci_address(given) ? std::string() : given + " is no PCI address; write it as 00:00.0";
      },
      "");
}

}  // namespace

void add_decode(CLI::App& program, Command& chosen) {
  const auto options = std::make_shared<DecodeOptions>();
  CLI::App& command =
      *program.add_subcommand("decode", "Show what a host bridge's registers make of the first megabyte");
  command.footer(kDecodeFooter);
  CLI::Option* const input = command.add_option("INPUT", options->inputs,
                                                "A dump, or seven bytes of hex; and registers, as 59.b=30");
  CLI::Option* const diff =
      command.add_option("--diff", options->diff, "Two files: which registers and segments differ")
          ->expected(2);
  diff->excludes(input);
  command.add_option("--slot", options->slot, "Which host bridge, where a dump has several, as 00:00.0")
      ->check(pci_slot());
  CLI::Option* const json = command.add_flag("--json", options->json, "One JSON object");
  command.add_flag("--dump", options->dump, "Print the functions, registers on top, as lspci -F reads them")
      ->excludes(diff)
      ->excludes(json);
  command.callback([options, &chosen] { chosen = *options; });
}

}  // namespace cli
