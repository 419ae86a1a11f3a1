// Seam 1: the host bridge tells an embedder which segments of the first megabyte change state.
#pragma once

#include <span>

#include "lowmeg/core/gpa_state.hpp"
#include "lowmeg/core/result.hpp"

namespace lowmeg {

/// An embedder with a memory map of his own implements this and needs nothing else of Lowmeg but the bridge.
class AdjustGpaRanges {
 public:
  virtual ~AdjustGpaRanges() = default;

  /// Makes the guest see these states; each range comes at most once. All changes of one config write come in
  /// one call, on the thread of the write, and the guest goes on only when it returns: a blocking call is
  /// right here.
  ///
  /// On an error the bridge keeps its new register value and hands the error up; the machine should stop.
  virtual Result<void> adjust(std::span<const GpaStateChange> changes) = 0;
};

}  // namespace lowmeg
