#include "cli/host.hpp"

#include <csignal>
#include <cstdio>

#include "cli/complaint.hpp"
#include "cli/get_view.hpp"

namespace cli {
namespace {

class Printer final : public lowmeg::get::HostObserver {
 public:
  void applied(std::span<const lowmeg::get::RangeRequest> requests,
               std::span<const lowmeg::get::CreateStatus> statuses,
               const lowmeg::get::SlotTable& slots) override {
    std::string text;
    for (std::size_t i = 0; i < requests.size(); ++i) text += request_text(requests[i], statuses[i]) + "\n";
    fmt::print("{}{}", text, slots_text(slots));
    std::fflush(stdout);
  }
};

// SIGINT and SIGTERM are blocked before there are threads, so that just one place waits for them.
sigset_t block_ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

int host(const HostOptions& options) {
  const sigset_t signals = block_ending_signals();
  Printer printer;
  StderrEvents events;
  auto dry = vmm::DryHost::create(options.socket, options.memory, options.batches, printer, events);
  if (!dry) {
    complain(dry.error().message());
    return 1;
  }
  fmt::print("serving GET at {}\n", options.socket);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  if (options.stats) fmt::print(stderr, "{}", counters_text("host", (*dry)->counters()));
  return 0;
}

}  // namespace cli
