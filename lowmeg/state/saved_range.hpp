// A range of memory as saved state carries it: OpenVMM's MemoryRange.
#pragma once

#include "lowmeg/core/gpa.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

/// What the bytes can say, which need not be a range.
struct SavedRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  friend bool operator==(const SavedRange&, const SavedRange&) = default;
};

Buffer encode(const SavedRange& range);
/// kInvalidArgument as check_wire has it. A range is not judged here.
Result<SavedRange> decode_range(Bytes bytes);

/// Refused with kInvalidArgument when misaligned or inverted.
Result<GpaRange> accept(const SavedRange& range);
SavedRange to_saved(const GpaRange& range);

}  // namespace lowmeg::state
