// DMA: a device's reads and writes through the bus masters' view of the map.
//
// After the 82443BX data sheet (290633), 4.1: the bridge claims a bus master's cycle where the map says RAM;
// one that it does not claim goes to whoever is on the bus. Left out: devices as targets of another's DMA:
// such a read gives FFh, such a write vanishes.
#pragma once

#include <span>

#include "lowmeg/memory/backing.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::memory {

/// No threads. Holds the map for each copy. What a guest's write has left in an accelerator's queue is not
/// seen yet.
class BusMaster {
 public:
  /// Borrows all.
  BusMaster(const Mapper& mapper, Backing& ram, const Backing& rom) : mapper_(mapper), ram_(ram), rom_(rom) {}

  /// From `gpa` on, page by page, which must not run past 2^64. Past the window nobody answers.
  void read(Gpa gpa, std::span<std::uint8_t> to) const;
  void write(Gpa gpa, std::span<const std::uint8_t> from);

 private:
  const Mapper& mapper_;
  Backing& ram_;
  const Backing& rom_;
};

}  // namespace lowmeg::memory
