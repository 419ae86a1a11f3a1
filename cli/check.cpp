#include "cli/check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/check_view.hpp"
#include "cli/complaint.hpp"
#include "cli/peer_check.hpp"
#include "guest/conformance/conformance_rom.hpp"
#include "vmm/firmware.hpp"

namespace cli {
namespace {

constexpr int kPassed = 0;

lowmeg::Result<vmm::Image> image_of(const CheckOptions& options) {
  if (!options.rom.empty()) return vmm::load_firmware(options.rom);
  const auto rom = guest::conformance_rom();
  return vmm::Image(rom.begin(), rom.end());
}

// Hyper-V's way promises what firmware needs of PAM (docs/reference/hyperv.md), and the chip's all of it.
bool is_promised(const CheckOptions& options, std::string_view group) {
  return options.pam == vmm::PamEffect::kChip || group == "firmware";
}

bool all_promised_passed(const CheckOptions& options, const vmm::ConformanceReport& report) {
  if (options.pam == vmm::PamEffect::kChip) return report.all_passed();
  vmm::CheckTotals promised;
  for (const vmm::CheckGroup& group : report.groups()) {
    if (!is_promised(options, group.name)) continue;
    promised.passed += group.counted.passed;
    promised.total += group.counted.total;
  }
  return promised.total != 0 && promised.passed == promised.total && report.contradictions().empty();
}

// What was judged, in a line or more on stderr if it is no whole report. Gives the exit status.
int settle(const CheckOptions& options, const Judged& judged, const std::vector<std::string>& complaints) {
  std::fflush(stdout);
  if (!judged.interruption.empty()) {
    complain(judged.who + ": " + judged.interruption);
    return judged.exit_status;
  }
  for (const std::string& line : complaints) complain(judged.who + ": the ROM's report: " + line);
  return all_promised_passed(options, judged.report) && complaints.empty() ? kPassed : kCheckFailed;
}

std::function<void(char)> listener(const CheckOptions& options) {
  if (!options.verbose && !options.tap) return [](char) {};
  return [](char c) { std::putchar(c); };
}

// Judges, prints and sums up one machine after the other.
class Check {
 public:
  explicit Check(const CheckOptions& options) : options_(options) {}

  void own(const lowmeg::bridge::Identity& identity, const vmm::Image& rom) {
    const Judged judged = check_own(options_, identity, rom, listener(options_));
    if (!options_.tap) {
      print(stdout, "{}\n{}{}\n", wrapped(judged.who + " on " + judged.on),
            groups_table(judged.report, terminal_), failures_text(judged.report, listing()));
    }
    add(judged, judged.report.complaints());
  }

  void against(const vmm::Image& rom) {
    const auto peer = check_peer(options_, rom, listener(options_));
    if (!peer) {
      complain(peer.error().message());
      status_ = kCheckFailed;
      return;
    }
    if (!options_.tap && !peer->report.groups().empty()) beside(*peer, rom);
    add(*peer, peer->report.contradictions());
  }

  int verdict() const {
    if (options_.tap) return status_;
    if (status_ == kPassed && sum_.passed != sum_.total) {
      print(stdout, "all that is promised passed\n");
    } else if (status_ == kPassed) {
      print(stdout, "all {} checks passed\n", sum_.total);
    } else if (sum_.passed == sum_.total) {
      print(stdout, "incomplete: {} checks passed, none failed\n", sum_.total);
    } else {
      print(stdout, "{} of {} checks failed\n", sum_.total - sum_.passed, sum_.total);
    }
    return status_;
  }

 private:
  Listing listing() const { return options_.verbose ? Listing::kAll : Listing::kFirst; }

  // Lowmeg's own column is of the bridge that the peer has, or of the one that was asked for.
  void beside(const Judged& peer, const vmm::Image& rom) {
    const lowmeg::bridge::Identity* identity = bridge_in(peer.report);
    for (const auto* asked : {&lowmeg::bridge::kI440fx, &lowmeg::bridge::kI440bx}) {
      if (options_.bridge == asked->name) identity = asked;
    }
    Judged own{"lowmeg", {}, {}};
    if (identity != nullptr) {
      own = check_own(options_, *identity, rom, [](char) {});
      own.who = fmt::format("lowmeg {}", identity->name);
    }
    print(stdout, "{}\n{}{}\n", wrapped("against: " + options_.against), two_tables(own, peer, terminal_),
          failures_text(peer.report, listing()));
    if (!own.interruption.empty()) complain(own.who + ": " + own.interruption);
  }

  void add(const Judged& judged, const std::vector<std::string>& complaints) {
    status_ = std::max(status_, settle(options_, judged, complaints));
    sum_.passed += judged.report.counted().passed;
    sum_.total += judged.report.counted().total;
  }

  const CheckOptions& options_;
  const Terminal terminal_{STDOUT_FILENO};
  int status_ = kPassed;
  vmm::CheckTotals sum_;
};

}  // namespace

int check(const CheckOptions& options) {
  const auto rom = image_of(options);
  if (!rom) {
    complain(rom.error().message());
    return kWrongUsage;
  }
  Check check(options);
  if (!options.against.empty()) {
    check.against(*rom);
    return check.verdict();
  }
  for (const auto& identity : {lowmeg::bridge::kI440fx, lowmeg::bridge::kI440bx}) {
    if (options.bridge.empty() || options.bridge == identity.name) check.own(identity, *rom);
  }
  return check.verdict();
}

}  // namespace cli
