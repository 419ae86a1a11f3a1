#include <fmt/format.h>

#include <algorithm>

#include "cli/decode/dump_view.hpp"

namespace cli {
namespace {

using lowmeg::Gpa;

const DumpRow& row_at(const DumpReport& report, Gpa gpa) {
  return *std::ranges::find_if(report.rows, [gpa](const DumpRow& row) { return row.range.contains(gpa); });
}

// "ro", or "DRAM/PCI" where PAM has no say; SMM's side behind it.
std::string meaning_of(const DumpRow& row) {
  std::string text = row.state ? std::string(short_name(*row.state)) : std::string(name_of(row.read));
  if (!row.state && row.write != row.read) text += fmt::format("/{}", name_of(row.write));
  if (row.smm_fetch) text += fmt::format(", SMM code {}", name_of(*row.smm_fetch));
  if (row.smm_data) text += fmt::format(", SMM data {}", name_of(*row.smm_data));
  return text;
}

}  // namespace

DumpDiff diff_of(const BridgeDump& before, const BridgeDump& now) {
  DumpDiff diff;
  const ConfigSpace &old_space = before.host_bridge, &new_space = now.host_bridge;
  for (std::size_t at = 0; at < old_space.bytes.size(); ++at) {
    const bool both = old_space.known[at] && new_space.known[at];
    if (!both || old_space.bytes[at] == new_space.bytes[at]) continue;
    diff.registers.push_back({static_cast<std::uint8_t>(at), std::string(register_name(now, at)),
                              old_space.bytes[at], new_space.bytes[at]});
  }
  const DumpReport old_report = report_on(before), new_report = report_on(now);
  const Gpa end = old_report.rows.back().range.end();
  Gpa at = std::max(old_report.rows.front().range.start(), new_report.rows.front().range.start());
  while (at != end) {
    const DumpRow &old_row = row_at(old_report, at), &new_row = row_at(new_report, at);
    const Gpa next = std::min(old_row.range.end(), new_row.range.end());
    if (meaning_of(old_row) != meaning_of(new_row))
      diff.rows.push_back({{at, next}, meaning_of(old_row), meaning_of(new_row)});
    at = next;
  }
  return diff;
}

}  // namespace cli
