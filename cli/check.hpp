// lowmeg check: the conformance ROM on the reference machine, and what it found, by group.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// 0 when all checks passed that are promised; 1 when one failed, or the ROM or a peer's command ended
/// without a plan; 124 at the time-out; 2 for an image that cannot be used; 128 and a signal that ended it.
int check(const CheckOptions& options);

}  // namespace cli
