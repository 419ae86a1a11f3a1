#include "lowmeg/core/gpa.hpp"

#include <fmt/format.h>

namespace lowmeg {

Result<GpaRange> GpaRange::make(Gpa start, std::uint64_t size) {
  const Gpa end = start + size;
  if (end < start)
    return fail(Errc::kInvalidArgument, fmt::format("range {:#x}+{:#x} wraps around", start, size));
  if (!is_page_aligned(start) || !is_page_aligned(end)) {
    return fail(Errc::kInvalidArgument, fmt::format("range {:#x}+{:#x} is not page-aligned", start, size));
  }
  return GpaRange(start, end);
}

}  // namespace lowmeg
