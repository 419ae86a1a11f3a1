#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "cli/decode/config_space.hpp"
#include "cli/manual.hpp"

namespace cli {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr double kForEver = 1e6;  // seconds

// Why this much RAM will not do, or nothing.
const char* ram_complaint(std::uint64_t bytes) {
  if (bytes % kMiB != 0) return " is not a whole number of MiB";
  if (bytes < 2 * kMiB) return " is too small; 2M is the least";
  return bytes >= 4096 * kMiB ? " reaches 4 GiB; 4095M is the most" : nullptr;
}

// A size as CLI11 reads it, with a shorter complaint, and the rules for RAM.
CLI::Validator ram_size() {
  return CLI::Validator(
      [](std::string& given) -> std::string {
        std::string bytes = given;
        try {
          if (given.front() == '-' || !CLI::AsSizeValue(false)(bytes).empty())
            throw CLI::ValidationError("size");
        } catch (const CLI::ValidationError&) {
          return given + " is no size; write it as 64M or 1G";
        }
        if (const char* why = ram_complaint(std::stoull(bytes))) return given + why;
        given = bytes;
        return {};
      },
      "");
}

CLI::Option* add_memory(CLI::App& command, std::uint64_t& memory) {
  return command
      .add_option("--memory", memory, "RAM, whole MiB from 2M to 4095M (a chip holds 1024M), as 64M or 1G")
      ->transform(ram_size())
      ->default_str("64M");
}

// The rows of the chips' DRAM end there.
CLI::Validator chip_memory() {
  return CLI::Validator(
      [](std::string& bytes) {
        const std::uint64_t size = std::stoull(bytes);
        if (size <= vmm::kMostChipMemory) return std::string();
        return fmt::format("{}M is more than the chip can hold; 1024M is the most", size / kMiB);
      },
      "");
}

vmm::KvmMap kvm_map_named(const std::string& name) {
  if (name == "protect") return vmm::KvmMap::kProtect;
  return name == "slots" ? vmm::KvmMap::kSlots : vmm::KvmMap::kAuto;
}

void add_kvm_map(CLI::App& command, std::string& name) {
  command
      .add_option("--kvm-map", name, "How KVM keeps writes off: protect (mappings) or slots; auto: protect")
      ->check(CLI::IsMember({"auto", "protect", "slots"}))
      ->capture_default_str();
}

vmm::Accel accel_named(const std::string& name) {
  if (name == "kvm") return vmm::Accel::kKvm;
  return name == "soft" ? vmm::Accel::kSoft : vmm::Accel::kAuto;
}

// Digits alone: a library's reading of "-1" is 2^64 - 1.
bool is_access_number(const std::string& given, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  return error == std::errc() && end == given.data() + given.size() && number > 0;
}

// With a comma between; an empty part counts.
std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

CLI::Validator access_number() {
  return CLI::Validator(
      [](std::string& given) {
        std::uint64_t number = 0;
        return is_access_number(given, number) ? std::string()
                                               : given + " is no number of accesses; they count from 1";
      },
      "");
}

// "1,40,41": each is an access, and there is nothing else.
CLI::Validator access_numbers() {
  return CLI::Validator(
      [](std::string& given) {
        std::uint64_t number = 0;
        for (const std::string& part : parts_of(given)) {
          if (!is_access_number(part, number))
            return "'" + part + "' is no number of accesses; they count from 1";
        }
        return std::string();
      },
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

vmm::ConsoleSource console_named(const std::string& name) {
  if (name == "e9") return vmm::ConsoleSource::kPortE9;
  if (name == "screen") return vmm::ConsoleSource::kScreen;
  return name == "com1" ? vmm::ConsoleSource::kCom1 : vmm::ConsoleSource::kBiosPorts;
}

struct BootParser {
  BootOptions options;
  std::string accel = "auto";
  std::string kvm_map = "auto";
  std::string pam = "hyperv";
  std::string console = "402";
  std::string get = "batched";
  std::string restart_at;
  std::string until;
  CLI::Option* until_given = nullptr;
  bool deterministic = false;
  bool init_resets_board = false;

  CLI::App* command = nullptr;
  CLI::Option* timeout_given = nullptr;

  void add_to(CLI::App& app, const char* name, const char* what);
  /// What a machine is built from, and who looks at it, for each command that builds one.
  void add_machine_options(CLI::App* boot);
  void add_observers(CLI::App* boot);
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

void BootParser::add_to(CLI::App& app, const char* name, const char* what) {
  CLI::App* const boot = command = app.add_subcommand(name, what);
  add_machine_options(boot);
  boot->add_option("--get", get, "batched: one commit a config write; strict: one request at a time")
      ->check(CLI::IsMember({"batched", "strict"}))
      ->capture_default_str();
  boot->add_option("--restart-devices", options.restart_every,
                   "Service all above guest memory after every N-th config access")
      ->check(access_number());
  boot->add_option("--restart-at", restart_at, "The same after these config accesses, as 1,40,41")
      ->check(access_numbers());
}

void BootParser::add_machine_options(CLI::App* boot) {
  boot->add_option("FIRMWARE", options.firmware, "Firmware image, a power of two from 64 KiB to 1 MiB")
      ->capture_default_str();
  boot->add_option("--accel", accel, "auto, kvm or soft (auto: KVM where usable, else soft)")
      ->check(CLI::IsMember({"auto", "kvm", "soft"}))
      ->capture_default_str();
  add_kvm_map(*boot, kvm_map);
  boot->add_option("--pam", pam, "hyperv or chip: how PAM acts (chip: with i440fx or i440bx)")
      ->check(CLI::IsMember({"hyperv", "chip"}))
      ->capture_default_str();
  boot->add_option("--bridge", options.bridge, "i440fx, i440bx or hyperv: the host bridge's registers")
      ->check(CLI::IsMember({"i440fx", "i440bx", "hyperv"}))
      ->capture_default_str();
  add_memory(*boot, options.memory);
  boot->add_option("--cpus", options.cpus, "Virtual CPUs; more than one needs KVM")
      ->check(CLI::Range(1u, vmm::kMostCpus, "CPUs"))
      ->capture_default_str();
  boot->add_option("--vgabios", options.vgabios, "VGA BIOS image; brings VGA text memory");
  boot->add_option("--vgabios-pci", options.vgabios_pci,
                   "The same in the expansion ROM of a display device on PCI");
  boot->add_option("--floppy", options.floppy, "Floppy image, handed over through fw_cfg");
  boot->add_option("--option-rom", options.option_roms, "Option ROM, handed over through fw_cfg; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* const kernel = boot->add_option(
      "--kernel", options.kernel, "Linux kernel (bzImage, or memtest86+), booted before any disk");
  boot->add_option("--initrd", options.initrd, "Its initrd")->needs(kernel);
  boot->add_option("--append", options.append, "Its command line")->needs(kernel);
  boot->add_option("--console", console,
                   "What goes to stdout. com1 also takes stdin; screen comes at the end")
      ->check(CLI::IsMember({"402", "e9", "com1", "screen"}))
      ->capture_default_str();
  until_given = boot->add_option("--until", until,
                                 "Success when the console shows this text; empty: never (see below)");
  timeout_given =
      boot->add_option("--timeout", options.timeout_s, "Seconds until exit status 124; with --gdb none")
          ->check(positive_seconds())
          ->default_str("60");
  boot->add_flag("--deterministic", deterministic,
                 "Instruction count as the clock; no wall times are printed");
  boot->add_flag("--init-resets-board", init_resets_board,
                 "INIT (port 92h, triple fault ...) resets everything, as on QEMU");
  boot->add_flag("--stats", options.stats, "At the end, what went over GET, and a checksum of RAM");
  boot->add_flag("--quiet", options.quiet, "The firmware's log alone, but for failures and triple faults");
  add_observers(boot);
}

void BootParser::add_observers(CLI::App* boot) {
  boot->add_option("--trace", options.trace_file,
                   "At the end, Chrome trace events for Perfetto's UI, as JSON");
  boot->add_option("--map", options.map_file, "At the end, the first megabyte over time, as a page");
  boot->add_option("--lspci", options.lspci_file, "At the end, the PCI functions, as lspci -F reads them");
  boot->add_option("--gdb", options.gdb,
                   "Wait for gdb at a port of 127.0.0.1, or at unix:PATH; software CPU");
  boot->add_option("--inspect", options.inspect,
                   "Where lowmeg inspect finds the machine (socket, mode 0600)");
}

struct CheckParser {
  CheckOptions options;
  std::string accel = "auto";
  std::string kvm_map = "auto";
  CLI::App* command = nullptr;

  void add_to(CLI::App& app);
};

void CheckParser::add_to(CLI::App& app) {
  command =
      app.add_subcommand("check", "Run the conformance ROM: does PAM act as the chip's data sheet says?");
  command->footer("Example: lowmeg check --bridge i440bx");
  command->add_option("--bridge", options.bridge, "i440fx or i440bx; both, one after the other, without it")
      ->check(CLI::IsMember({"i440fx", "i440bx"}));
  command->add_option("--accel", accel, "auto, kvm or soft (auto: KVM where usable, else soft)")
      ->check(CLI::IsMember({"auto", "kvm", "soft"}))
      ->capture_default_str();
  add_kvm_map(*command, kvm_map);
  add_memory(*command, options.memory)
      ->check(chip_memory())
      ->description("RAM, whole MiB from 2M to 1024M, as 64M or 1G");
  command->add_option("--timeout", options.timeout_s, "Seconds for each bridge until exit status 124")
      ->check(positive_seconds())
      ->capture_default_str();
  command->add_option("--rom", options.rom,
                      "Another image instead of the one built in, a power of two from 64 KiB to 1 MiB");
  command->add_flag("--verbose", options.verbose, "Every line of the ROM, and every failure");
}

struct HostParser {
  HostOptions options;
  BootParser boot;
  bool strict = false;
  CLI::App* command = nullptr;

  void add_to(CLI::App& app);
};

void HostParser::add_to(CLI::App& app) {
  command = app.add_subcommand("host", "Boot firmware, and serve the paravisor that comes to a socket");
  command->footer(
      "Example: lowmeg host --socket /tmp/get & lowmeg paravisor --socket /tmp/get\n"
      "--until without a text and the exit status are as in lowmeg boot --help. --pam chip has no paravisor.\n"
      "SIGUSR1 saves the VM to the file of --save, and ends with exit status 0; --load goes on with it, "
      "given\n"
      "the same firmware, bridge, RAM and devices. Both need the software CPU and choose it.\n"
      "SIGUSR2 asks the paravisor, by GET's own means, to save itself and make room for another.");
  boot.add_machine_options(command);
  command->add_flag("--dry-run", options.dry_run, "Without a VM: print each GET request and its answer");
  command->add_option("--socket", options.socket, "Where to listen (AF_UNIX, SEQPACKET, mode 0600)")
      ->required();
  command->add_flag("--strict", strict, "Do not offer to take batches");
  command->add_option("--save", options.save, "Where SIGUSR1 saves the VM to");
  command->add_option("--load", options.load, "A saved VM to go on with instead of powering on");
  command->add_option("--wait", options.wait_s, "Seconds that the guest waits for a paravisor to come")
      ->check(positive_seconds())
      ->capture_default_str();
  command
      ->add_option("--patience", options.patience_s,
                   "Seconds of silence over an access that a paravisor is allowed")
      ->check(positive_seconds())
      ->capture_default_str();
}

struct ParavisorParser {
  ParavisorOptions options;
  std::string get = "batched";
  CLI::App* command = nullptr;

  void add_to(CLI::App& app);
};

void ParavisorParser::add_to(CLI::App& app) {
  command = app.add_subcommand("paravisor", "Be the host bridge of a machine that lowmeg host runs");
  command->footer("Example: lowmeg paravisor --socket /tmp/get --take-over");
  command->add_option("--socket", options.socket, "Where the host listens")->required();
  command->add_option("--bridge", options.bridge, "Refuse a machine that has another one")
      ->check(CLI::IsMember({"i440fx", "i440bx", "hyperv"}));
  command->add_flag("--take-over", options.take_over, "Take the seat also of a paravisor that is there");
  command->add_option("--get", get, "batched: one commit a config write; strict: one request at a time")
      ->check(CLI::IsMember({"batched", "strict"}))
      ->capture_default_str();
  add_memory(*command, options.memory)->description("RAM, of a host that does not tell by STATE");
  command->add_flag("--stats", options.stats, "At the end, what went over GET, by kind and status");
}

struct DecodeParser {
  DecodeOptions options;
  CLI::App* command = nullptr;

  void add_to(CLI::App& app);
};

// An address as lspci writes it.
CLI::Validator pci_slot() {
  return CLI::Validator(
      [](std::string& given) {
        return pci_address(given) ? std::string() : given + " is no PCI address; write it as 00:00.0";
      },
      "");
}

void DecodeParser::add_to(CLI::App& app) {
  command = app.add_subcommand("decode", "Show what a host bridge's registers make of the first megabyte");
  command->footer(
      "INPUT is a file (or - or nothing: stdin) with what `lspci -xxx` prints, with 256 raw bytes, or the\n"
      "kernel's /sys/bus/pci/devices/0000:00:00.0/config; or PAM0-PAM6 as seven bytes of hex. Registers on\n"
      "top as with setpci. 440FX and 440BX are decoded.\n"
      "Exit status: 0; with --diff 1 where the two differ; 2 for bad input.\n"
      "Examples: lspci -xxx | lowmeg decode\n"
      "          lowmeg decode 30 33 33 33 33 33 33\n"
      "          lowmeg decode board.txt 59.b=30 72.b=1a");
  command->add_option("INPUT", options.inputs, "A dump, or seven bytes of hex; and registers, as 59.b=30");
  CLI::Option* const diff =
      command->add_option("--diff", options.diff, "Two files: which registers and segments differ")
          ->expected(2);
  diff->excludes(command->get_option("INPUT"));
  command->add_option("--slot", options.slot, "Which host bridge, where a dump has several, as 00:00.0")
      ->check(pci_slot());
  CLI::Option* const json = command->add_flag("--json", options.json, "One JSON object");
  command->add_flag("--dump", options.dump, "Print the functions, registers on top, as lspci -F reads them")
      ->excludes(diff)
      ->excludes(json);
}

struct InspectParser {
  InspectOptions options;
  CLI::App* command = nullptr;

  void add_to(CLI::App& app);
};

void InspectParser::add_to(CLI::App& app) {
  command = app.add_subcommand("inspect", "Show what a machine that runs looks like now");
  command->footer(
      "The machine must have been started with --inspect SOCKET.\n"
      "Exit status: 0; 1 when nobody answers; 2 for wrong usage.\n"
      "Example: lowmeg boot --inspect /tmp/machine & lowmeg inspect /tmp/machine");
  command->add_option("SOCKET", options.socket, "Where it was told to be found")->required();
  CLI::Option* const json = command->add_flag("--json", options.json, "One JSON object");
  command->add_flag("--lspci", options.lspci, "Its PCI functions, as lspci -F reads them")->excludes(json);
}

struct StateParser {
  StateOptions options;
  std::string kind;
  CLI::App* command = nullptr;
  CLI::App* encode = nullptr;
  CLI::App* extract = nullptr;
  CLI::App* insert = nullptr;

  void add_to(CLI::App& app);
  CLI::App* add_direction(const char* name, const char* what);
};

CLI::App* StateParser::add_direction(const char* name, const char* what) {
  CLI::App* direction = command->add_subcommand(name, what);
  direction
      ->add_option("KIND", kind, "adjuster, bridge, memory_range, chip, adjuster_any, bridge_any or chip_any")
      ->check(CLI::IsMember(
          {"adjuster", "bridge", "memory_range", "chip", "adjuster_any", "bridge_any", "chip_any"}))
      ->required();
  direction->add_flag("--hex", options.hex, "Bytes as hexadecimal digits");
  const bool has_json = std::string_view(name) == "encode" || std::string_view(name) == "decode";
  if (!has_json) return direction;
  CLI::Option* check =
      direction->add_flag("--check", options.check, "Also refuse what a restore would refuse");
  add_memory(*direction, options.memory)->needs(check);
  return direction;
}

void StateParser::add_to(CLI::App& app) {
  command = app.add_subcommand("state", "Saved state between JSON and bytes, or out of a larger one");
  command->require_subcommand(1);
  command->footer("Example: echo 108020 | lowmeg state decode --hex memory_range");
  encode = add_direction("encode", "JSON in, bytes out");
  add_direction("decode", "Bytes in, JSON out")
      ->footer("Example: echo 108020 | lowmeg state decode --hex memory_range");
  extract = add_direction("extract", "A whole servicing state of OpenHCL's in, one message of it out");
  extract->footer("Example: lowmeg state extract bridge_any <servicing.bin >bridge.bin");
  insert = add_direction("insert", "One message in; out comes the servicing state with it in its place");
  insert->add_option("--into", options.into, "The file with the servicing state")->required();
  insert->footer("Example: lowmeg state insert bridge_any --into servicing.bin <bridge.bin >new.bin");
  encode->footer(
      "Example: lowmeg state decode --hex bridge <state.hex | lowmeg state encode bridge >state.bin");
}

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

StateOptions chosen_state(const StateParser& state) {
  StateOptions options = state.options;
  options.direction = state.encode->parsed()    ? StateDirection::kEncode
                      : state.extract->parsed() ? StateDirection::kExtract
                      : state.insert->parsed()  ? StateDirection::kInsert
                                                : StateDirection::kDecode;
  options.kind = *state_kind(state.kind);
  return options;
}

// What --pam chip cannot go with, or nothing.
std::optional<std::string> chip_complaint(const BootParser& boot) {
  if (boot.pam != "chip") return std::nullopt;
  if (boot.options.bridge == "hyperv")
    return "--pam chip needs a chip's bridge: --bridge i440fx or --bridge i440bx";
  if (boot.options.memory > vmm::kMostChipMemory)
    return fmt::format("--memory: {}M is more than the chip can hold; 1024M is the most with --pam chip",
                       boot.options.memory / kMiB);
  return std::nullopt;
}

// What the accelerator asked for cannot do, or nothing.
std::optional<std::string> accel_complaint(const BootParser& boot) {
  if (!boot.options.gdb.empty() && (boot.accel == "kvm" || boot.options.cpus != 1))
    return "--gdb needs the software CPU: --accel soft";
  if (boot.deterministic && boot.accel == "kvm")
    return "--deterministic needs the software CPU: --accel soft";
  if (boot.options.cpus == 1) return std::nullopt;
  if (boot.accel == "soft" || boot.deterministic) return "--cpus: more than one CPU needs KVM";
  return std::nullopt;
}

std::optional<std::string> screen_complaint(const BootParser& boot) {
  const bool has_display = !boot.options.vgabios.empty() || !boot.options.vgabios_pci.empty();
  if (boot.console != "screen" || has_display) return std::nullopt;
  return "--console screen needs a display: --vgabios or --vgabios-pci";
}

bool saves_or_loads(const HostParser& host) {
  return !host.options.save.empty() || !host.options.load.empty();
}

// What goes with no VM, with no paravisor beside it, or with no saved VM; or nothing.
std::optional<std::string> host_complaint(const HostParser& host) {
  if (saves_or_loads(host) && host.options.dry_run) return "--dry-run has no VM to save or to load";
  if (saves_or_loads(host) && (host.boot.accel == "kvm" || host.boot.options.cpus != 1))
    return "--save and --load need the software CPU: --accel soft, and one CPU";
  if (host.options.dry_run || host.boot.pam == "hyperv") return std::nullopt;
  return "--pam chip has no paravisor: the chip's effect is lowmeg boot's alone";
}

lowmeg::get::Batching batching_named(const std::string& name) {
  return name == "strict" ? lowmeg::get::Batching::kNever : lowmeg::get::Batching::kWhereOffered;
}

Command chosen_host(const HostParser& host) {
  for (const auto& complaint : {host_complaint(host), chip_complaint(host.boot), accel_complaint(host.boot),
                                screen_complaint(host.boot)}) {
    if (complaint) return wrong_usage(*complaint, "host ");
  }
  HostOptions options = host.options;
  options.boot = host.boot.chosen();
  if (saves_or_loads(host)) options.boot.accel = vmm::Accel::kSoft;
  options.batches = host.strict ? lowmeg::get::Batches::kNotOffered : lowmeg::get::Batches::kOffered;
  return options;
}

Command chosen_paravisor(const ParavisorParser& paravisor) {
  ParavisorOptions options = paravisor.options;
  options.batching = batching_named(paravisor.get);
  return options;
}

Command chosen_boot(const BootParser& boot, const std::string& name) {
  for (const auto& complaint : {chip_complaint(boot), accel_complaint(boot), screen_complaint(boot)}) {
    if (complaint) return wrong_usage(*complaint, name + " ");
  }
  BootOptions options = boot.chosen();
  options.live = name == "watch";
  return options;
}

Command chosen(const BootParser& boot, const BootParser& watch, const CheckParser& check,
               const HostParser& host, const ParavisorParser& paravisor, const StateParser& state,
               const DecodeParser& decode, const InspectParser& inspect) {
  if (check.command->parsed()) {
    CheckOptions options = check.options;
    options.accel = accel_named(check.accel);
    options.kvm_map = kvm_map_named(check.kvm_map);
    return options;
  }
  if (state.command->parsed()) return chosen_state(state);
  if (decode.command->parsed()) return decode.options;
  if (inspect.command->parsed()) return inspect.options;
  if (host.command->parsed()) return chosen_host(host);
  if (paravisor.command->parsed()) return chosen_paravisor(paravisor);
  return watch.command->parsed() ? chosen_boot(watch, "watch") : chosen_boot(boot, "boot");
}

BootOptions BootParser::chosen() const {
  BootOptions chosen = options;
  // The software CPU alone repeats exactly, and can be debugged: then its time stands still with it.
  const bool debugged = !options.gdb.empty();
  chosen.accel = deterministic || debugged ? vmm::Accel::kSoft : accel_named(accel);
  chosen.kvm_map = kvm_map_named(kvm_map);
  if (!restart_at.empty()) {
    for (const std::string& part : parts_of(restart_at))
      is_access_number(part, chosen.restart_at.emplace_back());
  }
  chosen.pam = pam == "chip" ? vmm::PamEffect::kChip : vmm::PamEffect::kHyperv;
  chosen.batching = batching_named(get);
  chosen.console = console_named(console);
  chosen.timing = deterministic || debugged ? vmm::Timing::kDeterministic : vmm::Timing::kWall;
  if (debugged && timeout_given->count() == 0) chosen.timeout_s = kForEver;
  if (until_given->count() != 0) chosen.until = until;
  chosen.init_reach = init_resets_board ? vmm::InitReach::kMachine : vmm::InitReach::kCpus;
  return chosen;
}

// What the packaging asks for and no person: pages of the manual.
std::optional<Farewell> manual_for(const CLI::App& app, const std::string& option, const std::string& name) {
  if (option == "--reference") return Farewell{reference_page(app), 0};
  if (option != "--man") return std::nullopt;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return Farewell{man_page(app, command), 0};
  }
  if (name.empty() || name == "lowmeg") return Farewell{man_page(app, nullptr), 0};
  return wrong_usage("--man: " + name + " is no command", "");
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Lowmeg: the first megabyte of a PC, for hypervisors", "lowmeg");
  app.set_version_flag("--version", "lowmeg 0.1.0");
  app.require_subcommand(1);
  BootParser boot;
  CheckParser check;
  HostParser host;
  boot.add_to(app, "boot", "Boot firmware and show what becomes of its PAM writes");
  boot.command->footer(kBootFooter);
  BootParser watch;
  watch.add_to(app, "watch", "Boot firmware and show the first megabyte live, as a band");
  watch.command->footer(
      "Where stdout is no terminal: lines, as lowmeg boot has them. Exit status as lowmeg boot's.\n"
      "Example: lowmeg watch --pam chip --bridge i440bx /usr/share/bochs/BIOS-bochs-latest");
  check.add_to(app);
  host.add_to(app);
  ParavisorParser paravisor;
  paravisor.add_to(app);
  StateParser state;
  state.add_to(app);
  DecodeParser decode;
  decode.add_to(app);
  InspectParser inspect;
  inspect.add_to(app);
  const std::string named = argc > 1 ? argv[1] : "";
  if (const auto manual = manual_for(app, named, argc > 2 ? argv[2] : "")) return *manual;
  const auto commands = app.get_subcommands({});
  const bool is_known = std::ranges::find(commands, named, &CLI::App::get_name) != commands.end();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      if (is_known) return wrong_usage(one_line(error.what()), named + " ");
      return wrong_usage(named.empty() ? "a command is needed" : named + " is no command", "");
    }
    std::ostringstream text;
    app.exit(error, text, text);
    return Farewell{text.str(), 0};
  }
  return chosen(boot, watch, check, host, paravisor, state, decode, inspect);
}

}  // namespace cli
