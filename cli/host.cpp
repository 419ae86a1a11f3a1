#include "cli/host.hpp"

#include <cstdio>

#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
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
    print(stdout, "{}{}", text, slots_text(slots));
    std::fflush(stdout);
  }
};

}  // namespace

int host(const HostOptions& options) {
  const EndingSignals signals;
  Printer printer;
  StderrEvents events;
  auto dry = vmm::DryHost::create(options.socket, options.memory, options.batches, printer, events);
  if (!dry) {
    complain(dry.error().message());
    return 1;
  }
  print(stdout, "serving GET at {}\n", options.socket);
  std::fflush(stdout);
  signals.wait();
  if (options.stats) print(stderr, "{}", counters_text("host", (*dry)->counters()));
  return 0;
}

}  // namespace cli
