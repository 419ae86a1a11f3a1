// The conformance ROM's report as text.
#pragma once

#include <span>
#include <string>

#include "cli/own_check.hpp"
#include "cli/terminal.hpp"

namespace cli {

/// Whether a list may be cut short.
enum class Listing { kFirst, kAll };

/// A row a group, passed and total, with a header and the sum; of a group that was left out, why.
std::string groups_table(const vmm::ConformanceReport& report, const Terminal& terminal);
/// The same for two, side by side: "passed/total" each.
std::string two_tables(const Judged& own, const Judged& peer, const Terminal& terminal);
/// A line a failure, got and want; with kFirst a few and how many there are more.
std::string failures_text(const vmm::ConformanceReport& report, Listing listing);

}  // namespace cli
