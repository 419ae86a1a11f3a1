// Seam 1 as a callback of the caller's.
#pragma once

#include "lowmeg/c/failure.hpp"
#include "lowmeg/core/adjust_gpa_ranges.hpp"

namespace lowmeg::c {

class AdjustCallback final : public AdjustGpaRanges {
 public:
  AdjustCallback(lowmeg_adjust_fn call, void* context) : adjust_(call), context_(context) {}

  /// At most the 13 segments, as a bridge tells them.
  Result<void> adjust(std::span<const GpaStateChange> changes) override;

 private:
  lowmeg_adjust_fn adjust_;
  void* context_;
};

}  // namespace lowmeg::c
