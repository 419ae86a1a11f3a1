// Whether routes lie within the memory that is there: what every Mapper checks before it takes a map.
#pragma once

#include "lowmeg/memory/route.hpp"

namespace lowmeg::memory {

/// Bytes behind ram() and rom() routes.
struct MemorySizes {
  std::uint64_t ram = 0;
  std::uint64_t rom = 0;
};

/// False when a run of `bytes` from one of these routes on reaches past the end.
constexpr bool are_within(const Routes& routes, std::uint64_t bytes, const MemorySizes& sizes) {
  const auto is_within = [&](Route route) {
    const std::uint64_t limit = route.target() == Target::kRam ? sizes.ram : sizes.rom;
    return !route.is_bytes() || (route.offset() <= limit && bytes <= limit - route.offset());
  };
  return is_within(routes.read) && is_within(routes.write) && is_within(routes.fetch);
}

}  // namespace lowmeg::memory
