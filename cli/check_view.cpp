#include "cli/check_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace cli {
namespace {

constexpr std::size_t kFirstFailures = 20;

std::string row(const std::string& name, const vmm::CheckTotals& totals, const Terminal& terminal) {
  const std::string text = fmt::format("{:<14}{:>8}{:>8}", name, totals.passed, totals.total);
  return terminal.paint(totals.passed == totals.total ? Colour::kPlain : Colour::kRed, text) + "\n";
}

std::string group_row(const vmm::CheckGroup& group, const Terminal& terminal) {
  if (group.counted.total != 0) return row(group.name, group.counted, terminal);
  return terminal.paint(Colour::kDim, fmt::format("{:<14}{:>16}", group.name, "left out")) + "\n";
}

}  // namespace

std::string groups_table(const vmm::ConformanceReport& report, const Terminal& terminal) {
  std::string text =
      terminal.paint(Colour::kBold, fmt::format("{:<14}{:>8}{:>8}", "group", "passed", "total")) + "\n";
  for (const vmm::CheckGroup& group : report.groups()) text += group_row(group, terminal);
  return text + row("all", report.counted(), terminal);
}

std::string failures_text(const vmm::ConformanceReport& report, Listing listing) {
  const std::uint64_t failed = report.counted().total - report.counted().passed;
  const std::size_t known = report.failures().size();
  const std::size_t shown = listing == Listing::kAll ? known : std::min(known, kFirstFailures);
  std::string text;
  for (const vmm::CheckFailure& failure : std::span(report.failures()).first(shown))
    text += fmt::format("FAIL {}: got {:08X}, want {:08X}\n", failure.name, failure.got, failure.want);
  if (shown < failed) {
    text += fmt::format("and {} more{}\n", failed - shown,
                        listing == Listing::kFirst ? " (--verbose lists them)" : "");
  }
  return text;
}

}  // namespace cli
