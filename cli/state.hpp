// lowmeg state encode|decode|extract|insert KIND: saved state between JSON and bytes, and out of a whole
// servicing state and in again, on stdin and stdout.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// 0, or 1 with one line when the input is refused.
int state(const StateOptions& options);

}  // namespace cli
