// lowmeg boot, and lowmeg watch, which is the same to look at.
#include "cli/line/commands.hpp"
#include "cli/line/common_options.hpp"
#include "cli/line/machine_options.hpp"

namespace cli {
namespace {

struct BootLine {
  MachineLine machine;
  std::string get = "batched";
  std::string restart_at;

  BootOptions chosen() const;
};

// Ends the help; no line is longer than 100 columns.
constexpr const char* kBootFooter =
    "Without --until: \"No bootable device\" if the image contains \"SeaBIOS (version\", else never.\n"
    "INIT is what port 92h, the keyboard controller, CF9h without SRST and a triple fault cause.\n"
    "Exit status:\n"
    "  0     the console showed the text of --until, or the guest wrote \"Shutdown\" to port 8900h\n"
    "        or 2000h to 604h (whatever it had to say before)\n"
    "  2v+1  the guest wrote v to port 501h: 1 for 0, 3 for 1 ... (of 8 bits, as a shell sees it)\n"
    "  124   the time-out\n"
    "  1     the machine cannot go on: the guest halted for ever, resets for ever, is stuck within KVM;\n"
    "        or the host failed\n"
    "  2     wrong usage, or a file that cannot be used\n"
    "  128+n a signal ended it: 130 for Ctrl-C\n"
    "Example: lowmeg boot --bridge hyperv --until \"No bootable\" /usr/share/bochs/BIOS-bochs-latest";

constexpr const char* kWatchFooter =
    "Where stdout is no terminal: lines, as lowmeg boot has them. Exit status as lowmeg boot's.\n"
    "Example: lowmeg watch --pam chip --bridge i440bx /usr/share/bochs/BIOS-bochs-latest";

BootOptions BootLine::chosen() const {
  if (const auto complaint = machine.complaint()) throw CLI::ValidationError(*complaint);
  BootOptions options = machine.chosen();
  options.batching = batching_named(get);
  options.restart_at = accesses_in(restart_at);
  return options;
}

CLI::App& add(CLI::App& program, const char* name, const char* what, BootLine& line) {
  CLI::App& command = *program.add_subcommand(name, what);
  line.machine.add_to(command);
  add_get(command, line.get);
  command
      .add_option("--restart-devices", line.machine.options.restart_every,
                  "Service all above guest memory after every N-th config access")
      ->check(access_number());
  command.add_option("--restart-at", line.restart_at, "The same after these config accesses, as 1,40,41")
      ->check(access_numbers());
  return command;
}

}  // namespace

void add_boot(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<BootLine>();
  add(program, "boot", "Boot firmware and show what becomes of its PAM writes", *line)
      .footer(kBootFooter)
      ->callback([line, &chosen] { chosen = line->chosen(); });
}

void add_watch(CLI::App& program, Command& chosen) {
  const auto line = std::make_shared<BootLine>();
  add(program, "watch", "Boot firmware and show the first megabyte live, as a band", *line)
      .footer(kWatchFooter)
      ->callback([line, &chosen] {
        BootOptions options = line->chosen();
        options.live = true;
        chosen = options;
      });
}

}  // namespace cli
