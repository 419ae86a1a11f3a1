// The conformance ROM on Lowmeg's own machine.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/line/options.hpp"
#include "vmm/conformance_report.hpp"
#include "vmm/machine.hpp"

namespace cli {

/// What a machine said, and how that ended.
struct Judged {
  std::string who;  ///< for the head of a column
  std::string on;   ///< what executes it, or nothing
  vmm::ConformanceReport report;
  std::string interruption = {};  ///< why there is nothing to judge, in a line, or nothing
  int exit_status = 0;            ///< of an interruption
};

/// Each character of the ROM's report goes to `listen` as well.
Judged check_own(const CheckOptions& options, const lowmeg::bridge::Identity& identity, const vmm::Image& rom,
                 const std::function<void(char)>& listen);

}  // namespace cli
