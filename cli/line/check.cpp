// lowmeg check
#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"

namespace cli {
namespace {

struct CheckLine {
  CheckOptions options;
  std::string accel = "auto";
  std::string kvm_map = "auto";
  std::string pam = "chip";
};

CheckOptions meaning(const CheckLine& line) {
  CheckOptions options = line.options;
  options.accel = accel_named(line.accel);
  options.kvm_map = kvm_map_named(line.kvm_map);
  options.pam = line.pam == "hyperv" ? vmm::PamEffect::kHyperv : vmm::PamEffect::kChip;
  return options;
}

}  // namespace

void add_check(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<CheckLine>();
  CheckOptions& options = line->options;
  CLI::App& command = *program.add_subcommand(
      "check", "Run the conformance ROM: does PAM act as the chip's data sheet says?");
  command.footer("Example: lowmeg check --bridge i440bx");
  CLI::Option* const bridge =
      command
          .add_option("--bridge", options.bridge, "i440fx or i440bx; both, one after the other, without it")
          ->check(CLI::IsMember({"i440fx", "i440bx"}));
  add_accel(command, line->accel);
  add_kvm_map(command, line->kvm_map);
  add_memory(command, options.memory)
      ->check(chip_memory())
      ->description("RAM, whole MiB from 2M to 1024M, as 64M or 1G");
  command.add_option("--timeout", options.timeout_s, "Seconds for each bridge until exit status 124")
      ->check(positive_seconds())
      ->capture_default_str();
  command.add_option("--rom", options.rom,
                     "Another image instead of the one built in, a power of two from 64 KiB to 1 MiB");
  CLI::Option* const pam =
      command.add_option("--pam", line->pam, "hyperv or chip; hyperv promises the group firmware alone")
          ->check(CLI::IsMember({"hyperv", "chip"}))
          ->capture_default_str();
  command
      .add_option("--against", options.against,
                  "A shell command that runs another machine with {rom}, or with the image as its last "
                  "argument, and prints what the ROM says; compared with Lowmeg")
      ->excludes(pam);
  command.add_flag("--tap", options.tap, "The ROM's lines alone, as a TAP harness reads them")->needs(bridge);
  command.add_flag("--verbose", options.verbose, "Every line of the ROM, and every failure");
  command.callback([line, &chosen] { chosen = meaning(*line); });
}

}  // namespace cli
