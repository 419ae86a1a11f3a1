#include "cli/check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/check_view.hpp"
#include "cli/complaint.hpp"
#include "cli/terminal.hpp"
#include "guest/conformance/conformance_rom.hpp"
#include "vmm/firmware.hpp"

namespace cli {
namespace {

constexpr int kPassed = 0, kFailed = 1;

lowmeg::Result<vmm::Image> image_of(const CheckOptions& options) {
  if (!options.rom.empty()) return vmm::load_firmware(options.rom);
  const auto rom = guest::conformance_rom();
  return vmm::Image(rom.begin(), rom.end());
}

vmm::MachineConfig machine_for(const CheckOptions& options, const vmm::Image& rom,
                               const lowmeg::bridge::Identity& identity) {
  vmm::MachineConfig config;
  config.memory.ram_size = options.memory;
  config.memory.firmware = rom;
  config.pam = vmm::PamEffect::kChip;
  config.bridge.identity = identity;
  config.accel = options.accel;
  config.kvm_map = options.kvm_map;
  config.until = "";
  config.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(options.timeout_s * 1e9));
  return config;
}

// Why there is nothing to judge, or nothing.
std::string interruption(const vmm::ConformanceReport& report, const vmm::Outcome& outcome) {
  if (outcome.kind == vmm::Outcome::Kind::kTimeout) return outcome.message;
  if (report.is_done()) return "";
  return "the ROM ended without its totals: " + outcome.message;
}

// One bridge: the machine runs, the table is printed. Gives the exit status.
class BridgeCheck {
 public:
  BridgeCheck(const CheckOptions& options, const lowmeg::bridge::Identity& identity)
      : options_(options), name_(identity.name), identity_(identity) {}

  int run(const vmm::Image& rom) {
    StderrEvents events;
    const auto console = [this](char c) {
      report_.put(c);
      if (options_.verbose) std::putchar(c);
    };
    auto machine = vmm::Machine::create(machine_for(options_, rom, identity_),
                                        {events, console, [](const vmm::TimelineEntry&, std::uint64_t) {}});
    if (!machine) {
      complain(machine.error().message());
      return kFailed;
    }
    return judge((*machine)->run(), (*machine)->accel_line());
  }
  const vmm::ConformanceReport& report() const { return report_; }

 private:
  int judge(const vmm::Outcome& outcome, const std::string& accel) const {
    const Terminal terminal(STDOUT_FILENO);
    print(stdout, "{}\n{}{}\n", wrapped(name_ + " on " + accel), groups_table(report_, terminal),
          failures_text(report_, options_.verbose ? Listing::kAll : Listing::kFirst));
    std::fflush(stdout);
    if (const std::string why = interruption(report_, outcome); !why.empty()) {
      complain(name_ + ": " + why);
      return outcome.kind == vmm::Outcome::Kind::kTimeout ? outcome.exit_status : kFailed;
    }
    for (const std::string& line : report_.complaints()) complain(name_ + ": the ROM's report: " + line);
    return report_.all_passed() ? kPassed : kFailed;
  }

  const CheckOptions& options_;
  std::string name_;
  const lowmeg::bridge::Identity& identity_;
  vmm::ConformanceReport report_;
};

void print_verdict(const vmm::CheckTotals& sum, int status) {
  if (status == kPassed) {
    print(stdout, "all {} checks passed\n", sum.total);
  } else if (sum.passed == sum.total) {
    print(stdout, "incomplete: {} checks passed, none failed\n", sum.total);
  } else {
    print(stdout, "{} of {} checks failed\n", sum.total - sum.passed, sum.total);
  }
}

}  // namespace

int check(const CheckOptions& options) {
  const auto rom = image_of(options);
  if (!rom) {
    complain(rom.error().message());
    return kWrongUsage;
  }
  int status = kPassed;
  vmm::CheckTotals sum;
  for (const auto& identity : {lowmeg::bridge::kI440fx, lowmeg::bridge::kI440bx}) {
    if (!options.bridge.empty() && options.bridge != identity.name) continue;
    BridgeCheck bridge(options, identity);
    status = std::max(status, bridge.run(*rom));
    sum.passed += bridge.report().counted().passed;
    sum.total += bridge.report().counted().total;
  }
  print_verdict(sum, status);
  return status;
}

}  // namespace cli
