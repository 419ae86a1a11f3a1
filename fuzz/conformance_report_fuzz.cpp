// Hostile lines for `lowmeg check`: whatever a guest or somebody's command prints, the numbers agree with
// each other, and what is kept can be shown in a line.
#include <algorithm>
#include <span>

#include "lowmeg/core/invariant.hpp"
#include "vmm/conformance_report.hpp"

namespace {

bool is_text(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vmm::ConformanceReport report;
  for (const std::uint8_t byte : std::span(data, size)) report.put(static_cast<char>(byte));
  const vmm::CheckTotals sum = report.counted();
  LOWMEG_INVARIANT(sum.passed <= sum.total && report.failures().size() == sum.total - sum.passed,
                   "a check passes or is a failure");
  LOWMEG_INVARIANT(!report.all_passed() || report.failures().empty(), "all passed, so none failed");
  for (const vmm::CheckFailure& failure : report.failures())
    LOWMEG_INVARIANT(is_text(failure.name), "a failure is text");
  for (const vmm::CheckGroup& group : report.groups())
    LOWMEG_INVARIANT(is_text(group.name) && is_text(group.skipped), "a group is text");
  for (const std::string& line : report.complaints()) LOWMEG_INVARIANT(is_text(line), "a complaint is text");
  return 0;
}
