#include "cli/host.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/boot.hpp"
#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
#include "cli/get_view.hpp"

namespace cli {
namespace {

class Printer final : public lowmeg::get::HostObserver {
 public:
  void applied(std::span<const lowmeg::get::RangeRequest> requests,
               std::span<const lowmeg::get::CreateStatus> statuses,
               const lowmeg::get::RangeSlots& slots) override {
    std::string text;
    for (std::size_t i = 0; i < requests.size(); ++i) text += request_text(requests[i], statuses[i]) + "\n";
    print(stdout, "{}{}", text, slots_text(slots));
    std::fflush(stdout);
  }
};

int dry_run(const HostOptions& options) {
  const EndingSignals signals;
  Printer printer;
  StderrEvents events;
  auto dry = vmm::DryHost::create(options.socket, options.boot.memory, options.batches, printer, events);
  if (!dry) {
    complain(dry.error().message());
    return 1;
  }
  print(stdout, "serving GET at {}\n", options.socket);
  std::fflush(stdout);
  signals.wait();
  if (options.boot.stats) print(stderr, "{}", counters_text("host", (*dry)->counters()));
  return 0;
}

// Asks the paravisor to save itself at each SIGUSR2, on a thread of its own, while the machine runs.
class SaveDesk {
 public:
  // Blocked before there are threads, so that just one place waits for it.
  SaveDesk() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void open(vmm::RangesChipset& chipset) {
    thread_ = std::thread([this, &chipset] {
      constexpr timespec kLook{0, 50'000'000};
      while (!ended_) {
        if (sigtimedwait(&signals_, nullptr, &kLook) == SIGUSR2) chipset.ask_to_save();
      }
    });
  }
  void close() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  sigset_t signals_{};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace

int host(const HostOptions& options) {
  if (options.dry_run) return dry_run(options);
  StderrEvents events(options.boot.quiet ? StderrEvents::Voice::kQuiet : StderrEvents::Voice::kHeard);
  auto config = gather(options.boot, events);
  if (!config) {
    complain(config.error().message());
    return kWrongUsage;
  }
  config->ranges.split = vmm::SplitConfig{
      .socket = options.socket,
      .wait = nanoseconds_of(options.wait_s),
      .patience = std::chrono::ceil<std::chrono::milliseconds>(nanoseconds_of(options.patience_s)),
      .batches = options.batches};
  SaveDesk desk;
  const auto built = [&](vmm::Machine& machine) {
    desk.open(*machine.ranges());
    if (!options.boot.quiet) print(stderr, "serving GET at {}\n", options.socket);
  };
  return run_machine(std::move(*config), options.boot, events, {built, [&] { desk.close(); }});
}

}  // namespace cli
