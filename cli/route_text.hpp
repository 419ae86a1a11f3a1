// Where reads or writes of a page go, in words.
#pragma once

#include <string>

#include "vmm/chipset/first_megabyte.hpp"

namespace cli {

/// At most 14 columns: "RAM 000F0000", "nobody (FF)".
std::string route_text(lowmeg::memory::Route route);

}  // namespace cli
