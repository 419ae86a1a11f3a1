// Who wants to know of each change of the map, and may refuse it: vhost, VFIO, a tracer.
#pragma once

#include <span>

#include "lowmeg/core/result.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::kvm {

/// A change within the mapper's window. The spans and the map are valid during the call only.
struct MapChange {
  std::span<const memory::LayoutChange> cpu;         ///< sorted; what a vCPU sees
  std::span<const memory::LayoutChange> bus_master;  ///< sorted; what DMA sees
  const memory::MemoryMap& map;                      ///< the map after it
};

/// Called on the committing thread with none of the locks that an exit and DMA need. Do not commit from here.
class MapObserver {
 public:
  virtual ~MapObserver() = default;

  /// Before anything is changed and with no vCPU paused. An error refuses the change: the commit gives it
  /// back. Otherwise one of the two below follows.
  virtual Result<void> map_will_change(const MapChange& /*change*/) { return {}; }
  /// Once the change is made and before paused vCPUs go on. An exception does not undo the change: the commit
  /// fails with its text.
  virtual void map_changed(const MapChange& change) = 0;
  /// It was not made: the map before stays, or is lost (see KvmMapper).
  virtual void map_did_not_change(const MapChange& /*change*/) {}
  /// Because of a guest's write some pages got a read-only slot (see KvmMapper); these are all that have one
  /// for that reason now. Sorted, valid during the call. The map is the same; no exception may leave.
  virtual void demoted(std::span<const GpaRange> /*all*/) {}
};

}  // namespace lowmeg::kvm
