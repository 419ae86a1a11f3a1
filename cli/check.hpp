// lowmeg check: the conformance ROM on the reference machine, and what it found, by group.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// 0 when all checks passed; 1 when one failed or the ROM ended without its totals; 124 at the time-out; 2
/// for an image that cannot be used.
int check(const CheckOptions& options);

}  // namespace cli
