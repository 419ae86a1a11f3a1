// What the devices on a bus answer just now, laid over what answers where no device does.
//
// After PCI Local Bus 2.1, 6.2.5: a base address register moves a device's memory, down to 16 bytes, and what
// no device claims is left to the bridge that decodes subtractively. A map knows whole pages; a page that
// devices share, or that one does not fill, goes to the bus, where each of them decides byte by byte.
#pragma once

#include <span>

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::memory {

/// `size` bytes from `start` on, at any byte, that a device answers. What lies past 2^64 is not there.
struct Claim {
  Gpa start = 0;
  std::uint64_t size = 0;
  /// Of the first page: bus_routes(), or bytes for a ROM that can be read and executed in place. Bytes show
  /// only where the claim begins on a page, and in the pages that it fills.
  Routes routes = bus_routes();

  friend bool operator==(const Claim&, const Claim&) = default;
};

/// `bus` with the claims laid over it, the first of them on top. A page goes where the first claim that
/// touches it says; if that one does not fill the page, to the bus, so that nobody's bytes are lost. What
/// lies outside the window is left out.
Layout with_claims(const Layout& bus, std::span<const Claim> claims);

}  // namespace lowmeg::memory
