// lowmeg inspect: what a running machine looks like now.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// 0; 1 with one line when nobody answers there.
int inspect(const InspectOptions& options);

}  // namespace cli
