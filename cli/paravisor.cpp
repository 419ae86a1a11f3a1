#include "cli/paravisor.hpp"

#include <cstdio>

#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
#include "cli/get_view.hpp"
#include "cli/patience.hpp"
#include "vmm/paravisor_process.hpp"

namespace cli {
namespace {

using vmm::ParavisorProcess;

vmm::Paravisor::Options options_of(const ParavisorOptions& options) {
  vmm::Paravisor::Options result{.get = {.batching = options.batching, .take_over = options.take_over},
                                 .personality = {},
                                 .ram_size = options.memory};
  for (const auto& identity : lowmeg::bridge::kIdentities) {
    if (identity.name == options.bridge) result.personality = vmm::personality_of({identity, {}});
  }
  return result;
}

int complained(const lowmeg::Error& error) {
  complain(error.message());
  return error.code == lowmeg::Errc::kInvalidArgument ? kWrongUsage : 1;
}

int farewell(ParavisorProcess::End end) {
  if (end == ParavisorProcess::End::kSaved) complain("saved at the host, and makes room");
  if (end == ParavisorProcess::End::kHostGone) complain("the host has ended the connection");
  return 0;
}

}  // namespace

int paravisor(const ParavisorOptions& options) {
  const EndingSignals signals;  // an order in hand is carried out first
  StderrEvents events;
  auto process = connected_within(
      options.wait_s, [&] { return ParavisorProcess::connect(options.socket, options_of(options), events); });
  if (!process) return complained(process.error());
  print(stdout, "serving the guest of {}\n", options.socket);
  std::fflush(stdout);
  const auto end = (*process)->run(signals.fd());
  if (options.stats) print(stderr, "{}", counters_text("client", (*process)->paravisor().counters()));
  return end ? farewell(*end) : complained(end.error());
}

}  // namespace cli
