// lowmeg state encode|decode KIND: saved state between JSON and bytes, on stdin and stdout.
#pragma once

#include "cli/command_line.hpp"

namespace cli {

/// 0, or 1 with one line when the input is refused.
int state(const StateOptions& options);

}  // namespace cli
