// lowmeg inspect: what a running machine looks like now.
#pragma once

#include <string>

namespace cli {

/// lowmeg inspect PATH
struct InspectOptions {
  std::string socket;
  bool json = false;
  bool lspci = false;
};

/// 0; 1 with one line when nobody answers there.
int inspect(const InspectOptions& options);

}  // namespace cli
