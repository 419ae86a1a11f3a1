// Where one kind of access to a page goes: RAM or ROM bytes, the bus, or nowhere.
#pragma once

#include <cstdint>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::memory {

enum class Target : std::uint8_t {
  kBus,   ///< the board: a device answers, or nobody (reads FFh, writes vanish)
  kDrop,  ///< writes only: taken and thrown away
  kOpen,  ///< reads and fetches only: nobody answers, FFh without asking the board
  kRam,
  kRom,
};

/// A target and, for RAM and ROM, the page-aligned offset into its Backing. One word: offset | target.
class Route {
 public:
  constexpr Route() = default;
  static constexpr Route bus() { return Route(Target::kBus, 0); }
  static constexpr Route drop() { return Route(Target::kDrop, 0); }
  static constexpr Route open() { return Route(Target::kOpen, 0); }
  static constexpr Route ram(std::uint64_t offset) { return Route(Target::kRam, offset); }
  static constexpr Route rom(std::uint64_t offset) { return Route(Target::kRom, offset); }

  constexpr Target target() const { return static_cast<Target>(bits_ % kPageSize); }
  constexpr std::uint64_t offset() const { return bits_ - bits_ % kPageSize; }
  constexpr bool is_bytes() const { return target() == Target::kRam || target() == Target::kRom; }

  /// The route of the page `bytes` further on.
  constexpr Route advanced(std::uint64_t bytes) const {
    return is_bytes() ? Route(target(), offset() + bytes) : *this;
  }

  friend constexpr bool operator==(Route, Route) = default;

 private:
  constexpr Route(Target target, std::uint64_t offset) : bits_(offset | static_cast<std::uint64_t>(target)) {
    LOWMEG_INVARIANT(is_page_aligned(offset), "a route's offset is page-aligned");
  }

  std::uint64_t bits_ = 0;
};

/// The three routes of a page.
struct Routes {
  Route read;
  Route write;
  Route fetch;

  constexpr Routes advanced(std::uint64_t bytes) const {
    return {read.advanced(bytes), write.advanced(bytes), fetch.advanced(bytes)};
  }
  /// False for what no Mapper takes: a write to ROM or to kOpen, a read or fetch from kDrop.
  constexpr bool are_possible() const {
    return write.target() != Target::kRom && write.target() != Target::kOpen &&
           read.target() != Target::kDrop && fetch.target() != Target::kDrop;
  }
  friend constexpr bool operator==(const Routes&, const Routes&) = default;
};

/// Ordinary memory at `offset`.
constexpr Routes ram_routes(std::uint64_t offset) {
  return {Route::ram(offset), Route::ram(offset), Route::ram(offset)};
}
/// RAM that reads and fetches see and writes do not reach (GET's rom flag).
constexpr Routes read_only_ram_routes(std::uint64_t offset) {
  return {Route::ram(offset), Route::drop(), Route::ram(offset)};
}
/// ROM bytes; a write goes to the bus, as the silicon sends it.
constexpr Routes rom_routes(std::uint64_t offset) {
  return {Route::rom(offset), Route::bus(), Route::rom(offset)};
}
constexpr Routes bus_routes() {
  return {};
}
/// A place on the bus where nobody is: reads give FFh, writes vanish.
constexpr Routes open_routes() {
  return {Route::open(), Route::drop(), Route::open()};
}

}  // namespace lowmeg::memory
