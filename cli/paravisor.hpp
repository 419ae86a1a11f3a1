// lowmeg paravisor: the host bridge of a machine that lowmeg host runs, in a process of its own.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// Serves until SIGINT or SIGTERM, until the host ends the connection or wants the seat for another: then 0.
/// 1 when the host cannot be reached, refuses it or breaks the protocol; 2 when the host's machine or its
/// state does not fit.
int paravisor(const ParavisorOptions& options);

}  // namespace cli
