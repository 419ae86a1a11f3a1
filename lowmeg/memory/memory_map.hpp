// What the guest sees of the address space, by who looks.
#pragma once

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::memory {

/// One Layout a view, all over the same window. Where the chip makes no difference the views share their
/// regions.
struct MemoryMap {
  Layout cpu;
  Layout cpu_smm;     ///< a CPU in system management mode
  Layout bus_master;  ///< DMA by a device

  /// The same for all three.
  static MemoryMap uniform(const Layout& layout) { return {layout, layout, layout}; }

  friend bool operator==(const MemoryMap&, const MemoryMap&) = default;
};

}  // namespace lowmeg::memory
