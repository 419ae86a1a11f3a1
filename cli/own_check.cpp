#include "cli/own_check.hpp"

#include "cli/complaint.hpp"

namespace cli {
namespace {

// A card whose ROM the guest may move: 55 AA, then dwords that differ from place to place.
vmm::MemoryCardConfig card() {
  vmm::Image rom(0x4000);
  for (std::size_t i = 0; i < rom.size(); ++i) rom[i] = static_cast<std::uint8_t>(i * 37 + i / 256 * 11);
  rom[0] = 0x55;
  rom[1] = 0xaa;
  return {.rom = rom};
}

vmm::MachineConfig machine_for(const CheckOptions& options, const vmm::Image& rom,
                               const lowmeg::bridge::Identity& identity) {
  vmm::MachineConfig config;
  config.memory.ram_size = options.memory;
  config.memory.firmware = rom;
  config.pam = options.pam;
  config.bridge.identity = identity;
  config.accel = options.accel;
  config.kvm_map = options.kvm_map;
  config.cards.push_back(card());
  config.until = "";
  config.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(options.timeout_s * 1e9));
  return config;
}

// Why there is nothing to judge, or nothing.
std::string interruption(const vmm::ConformanceReport& report, const vmm::Outcome& outcome) {
  if (outcome.kind == vmm::Outcome::Kind::kTimeout) return outcome.message;
  if (report.is_done()) return "";
  return "the ROM ended without its plan: " + outcome.message;
}

}  // namespace

Judged check_own(const CheckOptions& options, const lowmeg::bridge::Identity& identity, const vmm::Image& rom,
                 const std::function<void(char)>& listen) {
  Judged judged{std::string(identity.name), {}, {}};
  // The ROM asks for what a machine warns of.
  StderrEvents events(options.verbose ? StderrEvents::Voice::kHeard : StderrEvents::Voice::kQuiet);
  const auto console = [&](char c) {
    judged.report.put(c);
    listen(c);
  };
  auto machine = vmm::Machine::create(machine_for(options, rom, identity),
                                      {events, console, [](const vmm::TimelineEntry&, std::uint64_t) {}});
  judged.exit_status = kCheckFailed;
  if (!machine) {
    judged.interruption = machine.error().message();
    return judged;
  }
  const vmm::Outcome outcome = (*machine)->run();
  judged.on = (*machine)->accel_line();
  judged.interruption = interruption(judged.report, outcome);
  if (outcome.kind == vmm::Outcome::Kind::kTimeout) judged.exit_status = outcome.exit_status;
  return judged;
}

}  // namespace cli
