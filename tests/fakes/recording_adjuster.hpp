// An AdjustGpaRanges that notes each call, and can fail.
#pragma once

#include <vector>

#include "lowmeg/core/adjust_gpa_ranges.hpp"

namespace lowmeg::fakes {

class RecordingAdjuster final : public AdjustGpaRanges {
 public:
  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    calls.emplace_back(changes.begin(), changes.end());
    if (failing) return fail(Errc::kClosed, "the host is gone");
    return {};
  }

  std::vector<std::vector<GpaStateChange>> calls;
  bool failing = false;
};

}  // namespace lowmeg::fakes
