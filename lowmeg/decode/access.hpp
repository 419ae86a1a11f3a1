// Who accesses, and how: a MemoryMap has a Layout for each View, a page has a route for each of the Accesses.
#pragma once

#include <cstdint>

namespace lowmeg::decode {

enum class View : std::uint8_t { kCpu, kCpuSmm, kBusMaster };

enum class Accesses : std::uint8_t {
  kNone = 0,
  kRead = 1,
  kWrite = 2,
  kFetch = 4,
  kAll = kRead | kWrite | kFetch,
};

constexpr bool has(Accesses accesses, Accesses one) {
  return (static_cast<unsigned>(accesses) & static_cast<unsigned>(one)) != 0;
}

}  // namespace lowmeg::decode
