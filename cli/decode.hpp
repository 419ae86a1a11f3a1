// lowmeg decode: what the registers of a host bridge make of the first mebibyte, from a dump of them.
#pragma once

#include <string>
#include <vector>

namespace cli {

/// lowmeg decode
struct DecodeOptions {
  std::vector<std::string> inputs;  ///< a file, "-", seven bytes of hex in one word or seven; assignments
  std::vector<std::string> diff;    ///< two files instead
  std::string slot;                 ///< empty: the only host bridge
  bool json = false;
  bool dump = false;  ///< print the functions as lspci -F reads them
};

/// 0; with --diff 1 when the two differ; 2 with one line for input that cannot be used.
int decode(const DecodeOptions& options);

}  // namespace cli
