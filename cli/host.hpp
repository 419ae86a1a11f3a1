// lowmeg host: the VM of split mode, whose paravisor is another process. With --dry-run: a GET host without a
// VM, which prints each request, its answer and the map that results.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// Gives the exit status as boot does; 1 also when it cannot listen or when no paravisor comes in time.
/// SIGUSR2 asks the paravisor to save itself and make room. A dry run serves until SIGINT, SIGTERM or SIGHUP;
/// then 0: that is how it is meant to end.
int host(const HostOptions& options);

}  // namespace cli
