// Who wants to know of each change of the map: vhost, VFIO, a tracer.
#pragma once

#include <span>

#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::kvm {

/// A committed change, within the mapper's window. The spans and the map are valid during the call only.
struct MapChange {
  std::span<const memory::LayoutChange> cpu;         ///< sorted; what a vCPU sees
  std::span<const memory::LayoutChange> bus_master;  ///< sorted; what DMA sees
  const memory::MemoryMap& map;                      ///< the map now in place
};

class MapObserver {
 public:
  virtual ~MapObserver() = default;

  /// Called on the committing thread once the change is made and before paused vCPUs go on. None of the locks
  /// that complete(), drain() and DMA need is held. Do not commit from here.
  virtual void map_changed(const MapChange& change) = 0;
};

}  // namespace lowmeg::kvm
