#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <sstream>

namespace cli {
namespace {

// A choice of the design's contract that this version does not have.
CLI::Validator not_built_yet(const std::string& choice) {
  return CLI::Validator(
      [choice](std::string& given) { return given == choice ? choice + ": not built yet" : std::string(); },
      "");
}

// CLI11's own size transform, with a shorter complaint.
CLI::Validator size_in_bytes() {
  return CLI::Validator(
      [](std::string& given) -> std::string {
        try {
          std::string bytes = given;
          const std::string complaint = CLI::AsSizeValue(false)(bytes);
          if (complaint.empty() && given.front() != '-') return given = bytes, std::string();
        } catch (const CLI::ValidationError&) {
        }
        return given + " is no size; write it as 64M or 1G";
      },
      "");
}

CLI::Validator one_cpu() {
  return CLI::Validator([](std::string& given) { return given == "1" ? "" : "more than one CPU needs KVM"; },
                        "");
}

CLI::Validator positive_seconds() {
  return CLI::Validator(
      [](std::string& given) {
        double seconds = 0;
        const bool good = CLI::detail::lexical_cast(given, seconds) && seconds > 0 && seconds <= 1e6;
        return good ? std::string() : given + " is no number of seconds";
      },
      "");
}

const std::map<std::string, vmm::ConsoleSource> kConsoles{{"402", vmm::ConsoleSource::kBiosPorts},
                                                          {"e9", vmm::ConsoleSource::kPortE9},
                                                          {"com1", vmm::ConsoleSource::kCom1}};

struct BootParser {
  BootOptions options;
  std::string accel = "auto";
  std::string pam = "hyperv";
  std::string console = "402";
  unsigned cpus = 1;
  bool deterministic = false;

  void add_to(CLI::App& app);
};

void BootParser::add_to(CLI::App& app) {
  CLI::App* boot = app.add_subcommand("boot", "Boot firmware and show what becomes of its PAM writes");
  boot->footer("Example: lowmeg boot --bridge hyperv /usr/share/bochs/BIOS-bochs-latest");
  boot->add_option("FIRMWARE", options.firmware, "Firmware image, 64 KiB to 1 MiB")->capture_default_str();
  boot->add_option("--accel", accel, "auto, kvm or soft (auto: KVM where usable, else soft)")
      ->check(CLI::IsMember({"auto", "kvm", "soft"}))
      ->check(not_built_yet("kvm"))
      ->capture_default_str();
  boot->add_option("--pam", pam, "hyperv or chip: how PAM acts")
      ->check(CLI::IsMember({"hyperv", "chip"}))
      ->check(not_built_yet("chip"))
      ->capture_default_str();
  boot->add_option("--bridge", options.bridge, "i440fx, i440bx or hyperv: the host bridge's identity")
      ->check(CLI::IsMember({"i440fx", "i440bx", "hyperv"}))
      ->capture_default_str();
  boot->add_option("--memory", options.memory, "RAM, whole MiB from 2M to 4095M, as 64M or 1G")
      ->transform(size_in_bytes())
      ->default_str("64M");
  boot->add_option("--cpus", cpus, "Virtual CPUs; more than one needs KVM")
      ->check(one_cpu())
      ->capture_default_str();
  boot->add_option("--vgabios", options.vgabios, "VGA BIOS image; brings VGA text memory");
  boot->add_option("--floppy", options.floppy, "Floppy image, handed over through fw_cfg");
  boot->add_option("--console", console, "402, e9 or com1: what goes to stdout")
      ->check(CLI::IsMember({"402", "e9", "com1"}))
      ->capture_default_str();
  boot->add_option("--until", options.until, "Success when the console shows this text; empty: never")
      ->capture_default_str();
  boot->add_option("--timeout", options.timeout_s, "Seconds until exit status 124")
      ->check(positive_seconds())
      ->capture_default_str();
  boot->add_flag("--deterministic", deterministic,
                 "Instruction count as the clock; no wall times are printed");
  boot->add_flag("--quiet", options.quiet, "The firmware's log alone");
}

// CLI11 says some things in several lines.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::variant<BootOptions, Farewell> parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Lowmeg: the first megabyte of a PC, for hypervisors", "lowmeg");
  app.set_version_flag("--version", "lowmeg 0.1.0");
  app.require_subcommand(1);
  BootParser boot;
  boot.add_to(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError&) {
    const std::string what = argc > 1 ? std::string(argv[1]) + " is no command" : "a command is needed";
    return Farewell{"lowmeg: " + what + " (see lowmeg --help)\n", kWrongUsage};
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return Farewell{"lowmeg: " + one_line(error.what()) + " (see lowmeg boot --help)\n", kWrongUsage};
    }
    std::ostringstream text;
    app.exit(error, text, text);
    return Farewell{text.str(), 0};
  }
  boot.options.console = kConsoles.at(boot.console);
  boot.options.timing = boot.deterministic ? vmm::Timing::kDeterministic : vmm::Timing::kWall;
  return boot.options;
}

}  // namespace cli
