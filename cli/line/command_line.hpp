// The command line as a value. Wrong usage is one line and exit status 2.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// What the line asks for; a Farewell where there is nothing to run.
Command parse_command_line(int argc, const char* const* argv);

}  // namespace cli
