#include "cli/boot.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/timeline_view.hpp"

namespace cli {
namespace {

void complain(const std::string& line) {
  fmt::print(stderr, "lowmeg: {}\n", line);
}

// What the library and the machine have to say, on stderr.
class StderrEvents final : public lowmeg::EventSink {
 public:
  explicit StderrEvents(bool quiet) : quiet_(quiet) {}
  void event(const lowmeg::Event& event) override {
    if (quiet_ || event.severity == lowmeg::Severity::kDebug) return;
    std::fflush(stdout);
    fmt::print(stderr, "lowmeg: {}: {}\n", event.room, event.text);
  }

 private:
  bool quiet_;
};

// The timeline as it happens. The firmware's log goes to stdout in whole lines, so that the two do not mix on
// a terminal.
class LiveTimeline {
 public:
  explicit LiveTimeline(const BootOptions& options)
      : quiet_(options.quiet),
        wall_times_(options.timing == vmm::Timing::kWall ? WallTimes::kShown : WallTimes::kHidden) {}

  void entry(const vmm::TimelineEntry& entry, std::uint64_t time_ns) {
    creates_ += entry.creates;
    resets_ += entry.resets;
    round_trips_ += entry.round_trips;
    if (quiet_) return;
    std::fflush(stdout);
    if (!std::exchange(header_shown_, true)) fmt::print(stderr, "{}\n", timeline_header());
    fmt::print(stderr, "{}\n", timeline_line(entry, time_ns, wall_times_, terminal_));
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

lowmeg::Result<void> check_memory(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const char* const why = bytes % kMiB != 0      ? "is not a whole number of MiB"
                          : bytes < 2 * kMiB     ? "is too small; 2M is the least"
                          : bytes >= 4096 * kMiB ? "reaches 4 GiB; 4095M is the most"
                                                 : nullptr;
  if (!why) return {};
  return lowmeg::fail(lowmeg::Errc::kInvalidArgument, fmt::format("--memory {} bytes {}", bytes, why));
}

// Reads and checks everything that the machine is built from; nothing is created yet.
lowmeg::Result<vmm::MachineConfig> gather(const BootOptions& options) {
  if (auto checked = check_memory(options.memory); !checked) return tl::unexpected(checked.error());
  vmm::MachineConfig config;
  config.vm.ram_size = options.memory;
  config.identity = identity_of(options.bridge);
  config.console = options.console;
  config.until = options.until;
  config.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(options.timeout_s * 1e9));
  config.timing = options.timing;

  auto firmware = vmm::load_firmware(options.firmware);
  if (!firmware) return tl::unexpected(firmware.error());
  config.vm.firmware = std::move(*firmware);
  const auto load = [](const std::string& path, auto loader,
                       std::optional<vmm::Image>& into) -> lowmeg::Result<void> {
    if (path.empty()) return {};
    auto image = loader(path);
    if (!image) return tl::unexpected(image.error());
    into = std::move(*image);
    return {};
  };
  if (auto loaded = load(options.vgabios, vmm::load_vga_bios, config.vm.vga_bios); !loaded) {
    return tl::unexpected(loaded.error());
  }
  if (auto loaded = load(options.floppy, vmm::load_floppy, config.floppy); !loaded) {
    return tl::unexpected(loaded.error());
  }
  return config;
}

void print_map(const vmm::Machine& machine, const LiveTimeline& timeline) {
  std::fflush(stdout);
  fmt::print(stderr, "\n{}\n{}{}\n",
             timeline.terminal().paint(Colour::kBold, "The first megabyte at the end"),
             map_table(machine.first_megabyte(), timeline.terminal()), timeline.totals());
}

}  // namespace

int boot(const BootOptions& options) {
  auto config = gather(options);
  if (!config) {
    complain(config.error().message());
    return kWrongUsage;
  }
  StderrEvents events(options.quiet);
  LiveTimeline timeline(options);
  const auto console = [](char c) {
    std::putchar(c);
    if (c == '\n') std::fflush(stdout);
  };
  auto machine = vmm::Machine::create(
      *config, {events, console, [&](const vmm::TimelineEntry& entry, std::uint64_t time_ns) {
                  timeline.entry(entry, time_ns);
                }});
  if (!machine) {
    complain(machine.error().message());
    return 1;
  }
  const vmm::Outcome outcome = (*machine)->run();
  std::fflush(stdout);
  if (!options.quiet) print_map(**machine, timeline);
  const bool failed =
      outcome.kind == vmm::Outcome::Kind::kTimeout || outcome.kind == vmm::Outcome::Kind::kStopped;
  if (failed) complain(outcome.message);
  return outcome.exit_status;
}

}  // namespace cli
