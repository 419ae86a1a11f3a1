#include "cli/line/machine_options.hpp"

#include <fmt/format.h>

#include "cli/line/common_options.hpp"

namespace cli {
namespace {

constexpr double kForEver = 1e6;  // seconds

vmm::ConsoleSource console_named(const std::string& name) {
  if (name == "e9") return vmm::ConsoleSource::kPortE9;
  if (name == "screen") return vmm::ConsoleSource::kScreen;
  return name == "com1" ? vmm::ConsoleSource::kCom1 : vmm::ConsoleSource::kBiosPorts;
}

// What --pam chip cannot go with, or nothing.
std::optional<std::string> chip_complaint(const MachineLine& line) {
  if (line.pam != "chip") return std::nullopt;
  if (line.options.bridge == "hyperv")
    return "--pam chip needs a chip's bridge: --bridge i440fx or --bridge i440bx";
  if (line.options.memory > vmm::kMostChipMemory)
    return fmt::format("--memory: {}M is more than the chip can hold; 1024M is the most with --pam chip",
                       line.options.memory / kMiB);
  return std::nullopt;
}

// What the accelerator asked for cannot do, or nothing.
std::optional<std::string> accel_complaint(const MachineLine& line) {
  if (!line.options.gdb.empty() && (line.accel == "kvm" || line.options.cpus != 1))
    return "--gdb needs the software CPU: --accel soft";
  if (line.deterministic && line.accel == "kvm")
    return "--deterministic needs the software CPU: --accel soft";
  if (line.options.cpus == 1) return std::nullopt;
  if (line.accel == "soft" || line.deterministic) return "--cpus: more than one CPU needs KVM";
  return std::nullopt;
}

std::optional<std::string> screen_complaint(const MachineLine& line) {
  const bool has_display = !line.options.vgabios.empty() || !line.options.vgabios_pci.empty();
  if (line.console != "screen" || has_display) return std::nullopt;
  return "--console screen needs a display: --vgabios or --vgabios-pci";
}

}  // namespace

void MachineLine::add_to(CLI::App& command) {
  add_hardware(command);
  add_cards_and_media(command);
  add_run(command);
  add_observers(command);
}

void MachineLine::add_hardware(CLI::App& command) {
  command.add_option("FIRMWARE", options.firmware, "Firmware image, a power of two from 64 KiB to 1 MiB")
      ->capture_default_str();
  add_accel(command, accel);
  add_kvm_map(command, kvm_map);
  command.add_option("--pam", pam, "hyperv or chip: how PAM acts (chip: with i440fx or i440bx)")
      ->check(CLI::IsMember({"hyperv", "chip"}))
      ->capture_default_str();
  command.add_option("--bridge", options.bridge, "i440fx, i440bx or hyperv: the host bridge's registers")
      ->check(CLI::IsMember({"i440fx", "i440bx", "hyperv"}))
      ->capture_default_str();
  add_memory(command, options.memory);
  command.add_option("--cpus", options.cpus, "Virtual CPUs; more than one needs KVM")
      ->check(CLI::Range(1u, vmm::kMostCpus, "CPUs"))
      ->capture_default_str();
}

void MachineLine::add_cards_and_media(CLI::App& command) {
  command.add_option("--vgabios", options.vgabios, "VGA BIOS image; brings VGA text memory");
  command.add_option("--vgabios-pci", options.vgabios_pci,
                     "The same in the expansion ROM of a display device on PCI");
  command.add_option("--floppy", options.floppy, "Floppy image, handed over through fw_cfg");
  command
      .add_option("--option-rom", options.option_roms, "Option ROM, handed over through fw_cfg; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* const kernel = command.add_option(
      "--kernel", options.kernel, "Linux kernel (bzImage, or memtest86+), booted before any disk");
  command.add_option("--initrd", options.initrd, "Its initrd")->needs(kernel);
  command.add_option("--append", options.append, "Its command line")->needs(kernel);
}

void MachineLine::add_run(CLI::App& command) {
  command
      .add_option("--console", console, "What goes to stdout. com1 also takes stdin; screen comes at the end")
      ->check(CLI::IsMember({"402", "e9", "com1", "screen"}))
      ->capture_default_str();
  until_given = command.add_option("--until", until,
                                   "Success when the console shows this text; empty: never (see below)");
  timeout_given =
      command.add_option("--timeout", options.timeout_s, "Seconds until exit status 124; with --gdb none")
          ->check(positive_seconds())
          ->default_str("60");
  command.add_flag("--deterministic", deterministic,
                   "Instruction count as the clock; no wall times are printed");
  command.add_flag("--init-resets-board", init_resets_board,
                   "INIT (port 92h, triple fault ...) resets everything, as on QEMU");
  command.add_flag("--stats", options.stats, "At the end, what went over GET, and a checksum of RAM");
  command.add_flag("--quiet", options.quiet, "The firmware's log alone, but for failures and triple faults");
}

void MachineLine::add_observers(CLI::App& command) {
  command.add_option("--trace", options.trace_file,
                     "At the end, Chrome trace events for Perfetto's UI, as JSON");
  command.add_option("--map", options.map_file, "At the end, the first megabyte over time, as a page");
  command.add_option("--lspci", options.lspci_file, "At the end, the PCI functions, as lspci -F reads them");
  command.add_option("--gdb", options.gdb,
                     "Wait for gdb at a port of 127.0.0.1, or at unix:PATH; software CPU");
  command.add_option("--inspect", options.inspect,
                     "Where lowmeg inspect finds the machine (socket, mode 0600)");
}

std::optional<std::string> MachineLine::complaint() const {
  for (const auto& complaint : {chip_complaint(*this), accel_complaint(*this), screen_complaint(*this)}) {
    if (complaint) return complaint;
  }
  return std::nullopt;
}

BootOptions MachineLine::chosen() const {
  BootOptions chosen = options;
  // The software CPU alone repeats exactly, and can be debugged: then its time stands still with it.
  const bool debugged = !options.gdb.empty();
  chosen.accel = deterministic || debugged ? vmm::Accel::kSoft : accel_named(accel);
  chosen.kvm_map = kvm_map_named(kvm_map);
  chosen.pam = pam == "chip" ? vmm::PamEffect::kChip : vmm::PamEffect::kHyperv;
  chosen.console = console_named(console);
  chosen.timing = deterministic || debugged ? vmm::Timing::kDeterministic : vmm::Timing::kWall;
  if (debugged && timeout_given->count() == 0) chosen.timeout_s = kForEver;
  if (until_given->count() != 0) chosen.until = until;
  chosen.init_reach = init_resets_board ? vmm::InitReach::kMachine : vmm::InitReach::kCpus;
  return chosen;
}

}  // namespace cli
