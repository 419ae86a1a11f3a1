#include "cli/qtest.hpp"

#include <algorithm>

#include "cli/complaint.hpp"
#include "cli/ending_signals.hpp"
#include "cli/line/options.hpp"
#include "cli/qtest_desk.hpp"
#include "vmm/firmware.hpp"

namespace cli {
namespace {

lowmeg::Result<vmm::MachineConfig> machine_for(const QtestOptions& options) {
  auto firmware = vmm::load_firmware(options.firmware);
  if (!firmware) return tl::unexpected(firmware.error());
  vmm::MachineConfig config;
  config.memory.ram_size = options.memory;
  config.memory.firmware = std::move(*firmware);
  config.pam = vmm::PamEffect::kChip;
  config.bridge.identity = *std::ranges::find(lowmeg::bridge::kIdentities, std::string_view(options.bridge),
                                              &lowmeg::bridge::Identity::name);
  config.until = "";
  config.reset_loop = vmm::ResetLoop::kGoesOn;    // the test resets as often as it likes
  config.timeout = std::chrono::hours(24 * 365);  // the test has its own
  config.timing = vmm::Timing::kDeterministic;    // it stands still, as nothing runs, but for clock_step
  return config;
}

int refuse(const lowmeg::Error& error, int status) {
  complain(error.message());
  return status;
}

}  // namespace

int qtest(const QtestOptions& options) {
  const auto config = machine_for(options);
  if (!config) return refuse(config.error(), kWrongUsage);
  EndingSignals signals;
  auto desk = QtestDesk::open(options, signals.fd());
  if (!desk) return refuse(desk.error(), kWrongUsage);
  StderrEvents events;
  auto machine =
      vmm::Machine::create(*config, {events, [](char) {}, [](const vmm::TimelineEntry&, std::uint64_t) {}});
  if (!machine) return refuse(machine.error(), 1);
  (*desk)->attach(*(*machine)->soft());
  (*machine)->soft()->debug(desk->get());
  const OnEndingSignal interrupt(signals, [&machine] { (*machine)->interrupt(); });
  const vmm::Outcome outcome = (*machine)->run();
  (*machine)->soft()->debug(nullptr);
  if ((*desk)->ended_well() || outcome.kind == vmm::Outcome::Kind::kInterrupted) return 0;
  if (outcome.kind == vmm::Outcome::Kind::kStopped) complain(outcome.message);
  return outcome.exit_status;
}

}  // namespace cli
