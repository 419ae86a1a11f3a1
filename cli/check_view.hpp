// The conformance ROM's report as text.
#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "vmm/conformance_report.hpp"

namespace cli {

/// Whether a list may be cut short.
enum class Listing { kFirst, kAll };

/// A row a group, passed and total, with a header and the sum.
std::string groups_table(const vmm::ConformanceReport& report, const Terminal& terminal);
/// A line a failure, got and want; with kFirst a few and how many there are more.
std::string failures_text(const vmm::ConformanceReport& report, Listing listing);

}  // namespace cli
