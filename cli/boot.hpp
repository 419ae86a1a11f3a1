// lowmeg boot: firmware on the reference machine, its log on stdout, what became of PAM on stderr.
#pragma once

#include "cli/command_line.hpp"

namespace cli {

/// Gives the exit status of the design's contract: 0 when --until is met, the guest's own at power-off, 124
/// at the time-out, 128 + its number when a signal ended it, 2 for input that cannot be used, 1 when the
/// machine had to stop.
int boot(const BootOptions& options);

}  // namespace cli
