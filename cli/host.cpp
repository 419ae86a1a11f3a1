#include "cli/host.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/boot.hpp"
#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
#include "cli/get_view.hpp"
#include "vmm/whole_file.hpp"

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

// Asks the paravisor to save itself at each SIGUSR2, and for the VM to be saved at SIGUSR1, on a thread of
// its own, while the machine runs.
class SaveDesk {
 public:
  // Blocked before there are threads, so that just one place waits for them.
  explicit SaveDesk(std::string file) : file_(std::move(file)) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGUSR1);
    sigaddset(&signals_, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void open(vmm::Machine& machine) {
    thread_ = std::thread([this, &machine] {
      constexpr timespec kLook{0, 50'000'000};
      while (!ended_) {
        const int signal = sigtimedwait(&signals_, nullptr, &kLook);
        if (signal == SIGUSR2) machine.ranges()->ask_to_save();
        if (signal == SIGUSR1) save(machine);
      }
    });
  }
  void close() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void save(vmm::Machine& machine) const {
    if (file_.empty()) return complain("SIGUSR1 saves nothing: no --save FILE");
    machine.ask_to_save();
  }

  const std::string file_;
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
  config->save_to = options.save;
  if (!options.load.empty()) {
    auto saved = vmm::read_whole_file(options.load);
    if (!saved) {
      complain(saved.error().message());
      return kWrongUsage;
    }
    config->saved_vm = std::make_shared<const vmm::Image>(std::move(*saved));
  }
  SaveDesk desk(options.save);
  const auto built = [&](vmm::Machine& machine) {
    desk.open(machine);
    if (!options.boot.quiet) print(stderr, "serving GET at {}\n", options.socket);
  };
  return run_machine(std::move(*config), options.boot, events, {built, [&] { desk.close(); }});
}

}  // namespace cli
