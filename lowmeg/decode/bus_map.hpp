// What answers on the two buses below the host bridge, and where: the board's part of the memory map.
//
// A page of a bus is ROM bytes, a device (bus), or a place where nobody is (open). What the bridge does not
// keep for DRAM it hands to one of the buses, and this says what happens there. It is a value: when a device
// moves, the board makes a new one (memory::with_claims) and tells MapCommitter::bus_changed.
#pragma once

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::decode {

/// The addresses of the decode: what is above 4 GiB is left out.
inline constexpr GpaRange kWindow{0, 1ull << 32};

/// Both layouts over kWindow. A board without AGP leaves `agp` open everywhere; nothing is routed there then.
struct BusMap {
  memory::Layout pci;
  memory::Layout agp;

  friend bool operator==(const BusMap&, const BusMap&) = default;
};

}  // namespace lowmeg::decode
