#include "cli/check_view.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cli {
namespace {

constexpr std::size_t kFirstFailures = 20;

bool is_whole(const vmm::CheckTotals& totals) {
  return totals.passed == totals.total;
}

std::string row(const std::string& name, const vmm::CheckTotals& totals, const std::string& remark,
                const Terminal& terminal) {
  const std::string text = fmt::format("{:<14}{:>8}{:>8}", name, totals.passed, totals.total);
  return terminal.paint(is_whole(totals) ? Colour::kPlain : Colour::kRed, text) +
         (remark.empty() ? "" : "  " + terminal.paint(Colour::kDim, "skipped: " + remark)) + "\n";
}

std::string group_row(const vmm::CheckGroup& group, const Terminal& terminal) {
  if (group.counted.total != 0) return row(group.name, group.counted, group.skipped, terminal);
  const std::string why = group.skipped.empty() ? "left out" : "skipped: " + group.skipped;
  return terminal.paint(Colour::kDim, fmt::format("{:<14}{:>16}  {}", group.name, "-", why)) + "\n";
}

std::string cell(const vmm::CheckTotals* totals, const Terminal& terminal) {
  if (totals == nullptr || totals->total == 0) return fmt::format("{:>14}", "-");
  const std::string text = fmt::format("{:>14}", fmt::format("{}/{}", totals->passed, totals->total));
  return terminal.paint(is_whole(*totals) ? Colour::kPlain : Colour::kRed, text);
}

const vmm::CheckGroup* group_named(const vmm::ConformanceReport& report, const std::string& name) {
  const auto found = std::ranges::find(report.groups(), name, &vmm::CheckGroup::name);
  return found == report.groups().end() ? nullptr : &*found;
}

std::string pair_row(const vmm::CheckGroup& group, const vmm::CheckGroup* own, const vmm::CheckGroup* peer,
                     const Terminal& terminal) {
  std::string text = fmt::format("{:<14}", group.name) + cell(own ? &own->counted : nullptr, terminal) +
                     cell(peer ? &peer->counted : nullptr, terminal);
  if (peer != nullptr && !peer->skipped.empty())
    text += "  " + terminal.paint(Colour::kDim, "skipped: " + peer->skipped);
  return text + "\n";
}

std::string values_text(const vmm::CheckFailure& failure) {
  if (!failure.got || !failure.want) return "";
  return fmt::format(": got {:08X}, want {:08X}", *failure.got, *failure.want);
}

}  // namespace

std::string groups_table(const vmm::ConformanceReport& report, const Terminal& terminal) {
  std::string text =
      terminal.paint(Colour::kBold, fmt::format("{:<14}{:>8}{:>8}", "group", "passed", "total")) + "\n";
  for (const vmm::CheckGroup& group : report.groups()) text += group_row(group, terminal);
  return text + row("all", report.counted(), "", terminal);
}

std::string two_tables(const Judged& own, const Judged& peer, const Terminal& terminal) {
  const vmm::CheckTotals own_sum = own.report.counted(), peer_sum = peer.report.counted();
  std::string text =
      terminal.paint(Colour::kBold, fmt::format("{:<14}{:>14}{:>14}", "group", own.who, peer.who)) + "\n";
  for (const vmm::CheckGroup& group : own.report.groups())
    text += pair_row(group, &group, group_named(peer.report, group.name), terminal);
  for (const vmm::CheckGroup& group : peer.report.groups()) {
    if (group_named(own.report, group.name) == nullptr) text += pair_row(group, nullptr, &group, terminal);
  }
  return text + fmt::format("{:<14}", "all") + cell(&own_sum, terminal) + cell(&peer_sum, terminal) + "\n";
}

std::string failures_text(const vmm::ConformanceReport& report, Listing listing) {
  const std::uint64_t failed = report.counted().total - report.counted().passed;
  const std::size_t known = report.failures().size();
  const std::size_t shown = listing == Listing::kAll ? known : std::min(known, kFirstFailures);
  std::string text;
  for (const vmm::CheckFailure& failure : std::span(report.failures()).first(shown))
    text += "FAIL " + failure.name + values_text(failure) + "\n";
  if (shown < failed) {
    text += fmt::format("and {} more{}\n", failed - shown,
                        listing == Listing::kFirst ? " (--verbose lists them)" : "");
  }
  return text;
}

}  // namespace cli
