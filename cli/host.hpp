// lowmeg host --dry-run: a GET host without a VM, which prints each request, its answer and the map that
// results.
#pragma once

#include "cli/command_line.hpp"

namespace cli {

/// Serves until SIGINT, SIGTERM or SIGHUP; then 0: that is how it is meant to end. 1 when it cannot listen.
int host(const HostOptions& options);

}  // namespace cli
