#include "cli/boot.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
#include "cli/get_view.hpp"
#include "cli/live_band.hpp"
#include "cli/observers.hpp"
#include "cli/serial_input.hpp"
#include "cli/terminal.hpp"
#include "cli/timeline_view.hpp"
#include "vmm/firmware.hpp"

namespace cli {
namespace {

// The timeline as it happens. The firmware's log goes to stdout in whole lines, so that the two do not mix on
// a terminal.
class LiveTimeline {
 public:
  LiveTimeline(const BootOptions& options, bool shows_lines)
      : quiet_(options.quiet || !shows_lines),
        wall_times_(options.timing == vmm::Timing::kWall ? WallTimes::kShown : WallTimes::kHidden) {}

  void entry(const vmm::TimelineEntry& entry, std::uint64_t time_ns) {
    if (entry.get) {
      creates_ += entry.get->creates;
      resets_ += entry.get->resets;
      round_trips_ += entry.get->round_trips;
    }
    if (quiet_) return;
    std::fflush(stdout);
    if (!std::exchange(header_shown_, true)) print(stderr, "{}\n", timeline_header());
    print(stderr, "{}\n", timeline_line(entry, time_ns, wall_times_, terminal_));
  }
  const Terminal& terminal() const { return terminal_; }
  std::string totals() const {
    return fmt::format("GET: {} requests ({} creates, {} resets), {} round trips", creates_ + resets_,
                       creates_, resets_, round_trips_);
  }

 private:
  bool quiet_;
  WallTimes wall_times_;
  Terminal terminal_{STDERR_FILENO};
  bool header_shown_ = false;
  std::uint64_t creates_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t round_trips_ = 0;
};

lowmeg::bridge::Identity identity_of(const std::string& name) {
  for (const auto& identity : lowmeg::bridge::kIdentities) {
    if (identity.name == name) return identity;
  }
  return lowmeg::bridge::kI440fx;
}

std::function<bool(std::uint64_t, vmm::ConfigAccess)> restarts_of(const BootOptions& options) {
  if (options.restart_every == 0 && options.restart_at.empty()) return {};
  return [every = options.restart_every, at = options.restart_at](std::uint64_t n, vmm::ConfigAccess) {
    return (every != 0 && n % every == 0) || std::find(at.begin(), at.end(), n) != at.end();
  };
}

lowmeg::Result<void> gather_linux(const BootOptions& options, vmm::MachineConfig& config) {
  if (options.kernel.empty()) return {};
  auto files = vmm::load_linux({options.kernel, options.initrd, options.append});
  if (!files) return tl::unexpected(files.error());
  auto loader = vmm::load_linux_loader();
  if (!loader) return tl::unexpected(loader.error());
  config.linux = std::move(*files);
  config.option_roms.push_back(std::move(*loader));
  return {};
}

}  // namespace

lowmeg::Result<vmm::MachineConfig> gather(const BootOptions& options, lowmeg::EventSink& events) {
  vmm::MachineConfig config;
  config.memory.ram_size = options.memory;
  config.accel = options.accel;
  config.kvm_map = options.kvm_map;
  config.cpus = options.cpus;
  config.pam = options.pam;
  config.bridge.identity = identity_of(options.bridge);
  config.console = options.console;
  config.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(options.timeout_s * 1e9));
  config.timing = options.timing;
  config.ranges.get.batching = options.batching;
  config.restart_after = restarts_of(options);
  config.init_reach = options.init_reach;

  auto firmware = vmm::load_firmware(options.firmware);
  if (!firmware) return tl::unexpected(firmware.error());
  config.memory.firmware = std::move(*firmware);
  config.until = options.until.value_or(vmm::text_at_the_end(config.memory.firmware));
  const auto load = [](const std::string& path, auto loader,
                       std::optional<vmm::Image>& into) -> lowmeg::Result<void> {
    if (path.empty()) return {};
    auto image = loader(path);
    if (!image) return tl::unexpected(image.error());
    into = std::move(*image);
    return {};
  };
  const auto isa_vga = [](const std::string& path) { return vmm::load_vga_bios(path, vmm::VgaBus::kIsa); };
  const auto pci_vga = [](const std::string& path) { return vmm::load_vga_bios(path, vmm::VgaBus::kPci); };
  if (auto loaded = load(options.vgabios, isa_vga, config.memory.vga_bios); !loaded) {
    return tl::unexpected(loaded.error());
  }
  if (auto loaded = load(options.vgabios_pci, pci_vga, config.pci_vga_bios); !loaded) {
    return tl::unexpected(loaded.error());
  }
  const auto floppy = [&](const std::string& path) { return vmm::load_floppy(path, events); };
  for (const std::string& path : options.option_roms) {
    auto rom = vmm::load_option_rom(path);
    if (!rom) return tl::unexpected(rom.error());
    config.option_roms.push_back(std::move(*rom));
  }
  if (auto loaded = gather_linux(options, config); !loaded) return tl::unexpected(loaded.error());
  if (auto loaded = load(options.floppy, floppy, config.floppy); !loaded) {
    return tl::unexpected(loaded.error());
  }
  return config;
}

namespace {

void print_map(vmm::Machine& machine, const LiveTimeline& timeline) {
  std::fflush(stdout);
  print(stderr, "\n{}\n{}", timeline.terminal().paint(Colour::kBold, "The first megabyte at the end"),
        map_table(machine.first_megabyte(), timeline.terminal()));
  if (machine.ranges()) print(stderr, "{}\n", timeline.totals());
}

// Resets that the outcome's message does not name: all of them, or under --quiet those of a guest that fell.
void print_resets(const vmm::Machine& machine, const vmm::Outcome& outcome, const BootOptions& options) {
  const std::string text = machine.resets().text();
  if (text.empty() || outcome.message.find(text) != std::string::npos) return;
  if (options.quiet && machine.resets().triple_faults() == 0) return;
  complain(text);
}

// The screen, where that is the console, and all that is said of a machine that has ended.
void show_end(vmm::Machine& machine, const vmm::Outcome& outcome, const BootOptions& options,
              const LiveTimeline& timeline) {
  if (options.console == vmm::ConsoleSource::kScreen) print(stdout, "{}", machine.screen());
  std::fflush(stdout);
  if (!options.quiet) print_map(machine, timeline);
  if (outcome.kind == vmm::Outcome::Kind::kSaved && !options.quiet) print(stderr, "{}\n", outcome.message);
  if (machine.restarts() != 0 && !options.quiet) print(stderr, "Restarts: {}\n", machine.restarts());
  if (vmm::RangesChipset* const ranges = machine.ranges(); ranges && options.stats) {
    if (ranges->paravisor()) print(stderr, "{}", counters_text("client", ranges->paravisor()->counters()));
    print(stderr, "{}", counters_text("host", ranges->host().counters()));
  }
  if (options.stats) print(stderr, "RAM: CRC-32 {:08x}\n", vmm::checksum(machine.ram()));
  const bool failed =
      outcome.kind == vmm::Outcome::Kind::kTimeout || outcome.kind == vmm::Outcome::Kind::kStopped;
  if (failed) complain(outcome.message);
  print_resets(machine, outcome, options);
}

}  // namespace

int boot(const BootOptions& options) {
  StderrEvents events(options.quiet ? StderrEvents::Voice::kQuiet : StderrEvents::Voice::kHeard);
  auto config = gather(options, events);
  if (!config) {
    complain(config.error().message());
    return kWrongUsage;
  }
  return run_machine(std::move(*config), options, events);
}

namespace {

int ended_by(const EndingSignals& signals) {
  complain(fmt::format("ended by {}", EndingSignals::name_of(signals.caught())));
  return EndingSignals::exit_status(signals.caught());
}

// A signal during power-on makes the machine give up.
int not_built(const lowmeg::Error& error, const EndingSignals& signals) {
  if (error.code == lowmeg::Errc::kClosed && signals.caught() != 0) return ended_by(signals);
  complain(error.message());
  return error.code == lowmeg::Errc::kInvalidArgument ? kWrongUsage : 1;
}

}  // namespace

int run_machine(vmm::MachineConfig config, const BootOptions& options, lowmeg::EventSink& events,
                const Lifetime& lifetime) {
  auto observers = Observers::open(options, events);
  if (!observers) {
    complain(observers.error().message());
    return kWrongUsage;
  }
  EndingSignals signals;
  std::optional<LiveBand> band;
  if (options.live && isatty(STDOUT_FILENO) == 1) band.emplace(STDOUT_FILENO, (*observers)->title());
  LiveTimeline timeline(options, !band);
  std::optional<SerialInput> input;
  if (options.console == vmm::ConsoleSource::kCom1) {
    input.emplace(STDIN_FILENO, options.timing);
    config.com1_input = [&input](std::span<std::uint8_t> to) { return input->read(to); };
  }
  const auto console = [&band](char c) {
    if (band) return band->console(c);
    std::putchar(c);
    if (c == '\n') std::fflush(stdout);
  };
  const auto accel = [&](const std::string& line) {
    if (!options.quiet) print(stderr, "{}\n", wrapped(options.bridge + " on " + line));
  };
  const auto entry = [&](const vmm::TimelineEntry& change, std::uint64_t time_ns) {
    timeline.entry(change, time_ns);
    if (band) band->changed(change, time_ns);
    (*observers)->changed(change, time_ns);
  };
  std::optional<OnEndingSignal> interrupt;
  const auto built = [&](vmm::Machine& there) {
    interrupt.emplace(signals, [&there] { there.interrupt(); });
    (*observers)->built(there);
    if (lifetime.built) lifetime.built(there);
  };
  const auto ended = [&] {
    if (lifetime.ended) lifetime.ended();
    interrupt.reset();
  };
  vmm::MachineListeners listeners{events, console, entry, accel, built, ended};
  if (band) listeners.turn = [&band](vmm::Machine& there) { band->turn(there); };
  (*observers)->add_to(listeners);
  auto machine = vmm::Machine::create(config, std::move(listeners));
  if (!machine) return not_built(machine.error(), signals);
  const vmm::Outcome outcome = (*machine)->run();
  if (band) band->finish(**machine);
  input.reset();
  show_end(**machine, outcome, options, timeline);
  if (outcome.kind == vmm::Outcome::Kind::kInterrupted) {
    return (*observers)->finish(**machine, ended_by(signals));
  }
  return (*observers)->finish(**machine, outcome.exit_status);
}

}  // namespace cli
