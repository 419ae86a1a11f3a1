// lowmeg host --dry-run: a GET host without a VM, which prints each request, its answer and the map that
// results.
#pragma once

#include "cli/command_line.hpp"

namespace cli {

/// Serves until SIGINT or SIGTERM; then 0. 1 when it cannot listen.
int host(const HostOptions& options);

}  // namespace cli
