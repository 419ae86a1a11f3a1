#include "cli/route_text.hpp"

#include <fmt/format.h>

namespace cli {

std::string route_text(lowmeg::memory::Route route) {
  constexpr const char* kNames[] = {"bus", "nowhere", "nobody (FF)", "RAM", "ROM"};
  const std::string name = kNames[static_cast<std::size_t>(route.target())];
  return route.is_bytes() ? fmt::format("{} {:08X}", name, route.offset()) : name;
}

}  // namespace cli
