// lowmeg decode: what the registers of a host bridge make of the first mebibyte, from a dump of them.
#pragma once

#include "cli/line/options.hpp"

namespace cli {

/// 0; with --diff 1 when the two differ; 2 with one line for input that cannot be used.
int decode(const DecodeOptions& options);

}  // namespace cli
