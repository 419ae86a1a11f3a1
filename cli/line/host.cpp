// lowmeg host
#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"
#include "cli/line/machine_options.hpp"

namespace cli {
namespace {

constexpr const char* kHostFooter =
    "Example: lowmeg host --socket /tmp/get & lowmeg paravisor --socket /tmp/get --wait 5\n"
    "--until without a text and the exit status are as in lowmeg boot --help. --pam chip has no paravisor.\n"
    "SIGUSR1 saves the VM to the file of --save, and ends with exit status 0; --load goes on with it, "
    "given\n"
    "the same firmware, bridge, RAM and devices. Both need the software CPU and choose it.\n"
    "SIGUSR2 asks the paravisor, by GET's own means, to save itself and make room for another.";

struct HostLine {
  HostOptions options;
  MachineLine machine;
  bool strict = false;
};

bool saves_or_loads(const HostLine& host) {
  return !host.options.save.empty() || !host.options.load.empty();
}

// What goes with no VM, with no paravisor beside it, or with no saved VM; or nothing.
std::optional<std::string> host_complaint(const HostLine& host) {
  if (saves_or_loads(host) && host.options.dry_run) return "--dry-run has no VM to save or to load";
  if (saves_or_loads(host) && (host.machine.accel == "kvm" || host.machine.options.cpus != 1))
    return "--save and --load need the software CPU: --accel soft, and one CPU";
  if (host.options.dry_run || host.machine.pam == "hyperv") return std::nullopt;
  return "--pam chip has no paravisor: the chip's effect is lowmeg boot's alone";
}

HostOptions meaning(const HostLine& line) {
  for (const auto& complaint : {host_complaint(line), line.machine.complaint()}) {
    if (complaint) throw CLI::ValidationError(*complaint);
  }
  HostOptions options = line.options;
  options.boot = line.machine.chosen();
  if (saves_or_loads(line)) options.boot.accel = vmm::Accel::kSoft;
  options.batches = line.strict ? lowmeg::get::Batches::kNotOffered : lowmeg::get::Batches::kOffered;
  return options;
}

}  // namespace

void add_host(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<HostLine>();
  HostOptions& options = line->options;
  CLI::App& command =
      *program.add_subcommand("host", "Boot firmware, and serve the paravisor that comes to a socket");
  command.footer(kHostFooter);
  line->machine.add_to(command);
  command.add_flag("--dry-run", options.dry_run, "Without a VM: print each GET request and its answer");
  command.add_option("--socket", options.socket, "Where to listen (AF_UNIX, SEQPACKET, mode 0600)")
      ->required();
  command.add_flag("--strict", line->strict, "Do not offer to take batches");
  command.add_option("--save", options.save, "Where SIGUSR1 saves the VM to");
  command.add_option("--load", options.load, "A saved VM to go on with instead of powering on");
  command.add_option("--wait", options.wait_s, "Seconds that the guest waits for a paravisor to come")
      ->check(positive_seconds())
      ->capture_default_str();
  command
      .add_option("--patience", options.patience_s,
                  "Seconds of silence over an access that a paravisor is allowed")
      ->check(positive_seconds())
      ->capture_default_str();
  command.callback([line, &chosen] { chosen = meaning(*line); });
}

}  // namespace cli
