// Seam 3: something that can make the guest see a MemoryMap.
#pragma once

#include <shared_mutex>

#include "lowmeg/core/result.hpp"
#include "lowmeg/memory/memory_map.hpp"
#include "lowmeg/memory/writer_first_mutex.hpp"

namespace lowmeg::memory {

class Mapper {
 public:
  virtual ~Mapper() = default;

  /// Makes the guest see exactly `map`, as one transaction: all of it or, with an error, the map before. No
  /// running vCPU sees a state between. A map that this mapper cannot express is refused with kNotSupported,
  /// one that reaches outside RAM or ROM with kInvalidArgument.
  virtual Result<void> commit(const MemoryMap& map) = 0;

  /// The map in place.
  virtual const MemoryMap& map() const = 0;

  /// Holds the map still while the guard lives, for DMA; a commit that waits goes first. Nothing to hold
  /// where commits come on the same thread. A thread holds it once at a time.
  [[nodiscard]] virtual std::shared_lock<WriterFirstMutex> hold() const { return {}; }
};

}  // namespace lowmeg::memory
