#include "cli/peer_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/ending_signals.hpp"
#include "cli/peer_process.hpp"
#include "cli/temporary_file.hpp"

namespace cli {
namespace {

constexpr int kTimedOut = 124;

std::string said(const PeerEnd& end) {
  return end.last_error.empty() ? "" : "; it says: " + end.last_error;
}

// Why there is nothing to judge, or nothing.
std::string interruption(const PeerEnd& end, const vmm::ConformanceReport& report, double timeout_s) {
  if (report.is_done() || !report.bailed_out().empty()) return "";
  switch (end.kind) {
    case PeerEnd::Kind::kTimeout:
      return fmt::format("time-out: no plan after {} s, {} checks came{}", timeout_s, report.counted().total,
                         said(end));
    case PeerEnd::Kind::kSignal:
      return fmt::format("ended by {}", EndingSignals::name_of(end.value));
    default:
      return fmt::format("the command ended with status {} and without a plan{}", end.value, said(end));
  }
}

int exit_status(const PeerEnd& end) {
  if (end.kind == PeerEnd::Kind::kTimeout) return kTimedOut;
  return end.kind == PeerEnd::Kind::kSignal ? EndingSignals::exit_status(end.value) : kCheckFailed;
}

}  // namespace

lowmeg::Result<Judged> check_peer(const CheckOptions& options, const vmm::Image& rom,
                                  const std::function<void(char)>& listen) {
  const auto file = TemporaryFile::create(rom);
  if (!file) return tl::unexpected(file.error());
  Judged judged{"against", {}, {}};
  const auto reader = [&](std::string_view text) {
    for (const char c : text) {
      judged.report.put(c);
      listen(c);
    }
    const bool enough = judged.report.is_done() || !judged.report.bailed_out().empty();
    return enough ? Reading::kEnough : Reading::kGoOn;
  };
  const std::chrono::nanoseconds timeout(static_cast<std::int64_t>(options.timeout_s * 1e9));
  const auto end = run_peer(with_rom(options.against, file->path()), timeout, reader);
  if (!end) return tl::unexpected(end.error());
  judged.interruption = interruption(*end, judged.report, options.timeout_s);
  judged.exit_status = exit_status(*end);
  return judged;
}

// "bridge 12378086": device and vendor.
const lowmeg::bridge::Identity* bridge_in(const vmm::ConformanceReport& report) {
  struct Row {
    std::string_view note;
    const lowmeg::bridge::Identity* identity;
  };
  static constexpr Row kRows[] = {{"bridge 12378086", &lowmeg::bridge::kI440fx},
                                  {"bridge 71908086", &lowmeg::bridge::kI440bx},
                                  {"bridge 71928086", &lowmeg::bridge::kI440bx}};
  for (const Row& row : kRows) {
    if (std::ranges::find(report.notes(), row.note) != report.notes().end()) return row.identity;
  }
  return nullptr;
}

}  // namespace cli
