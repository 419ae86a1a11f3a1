#include "lowmeg/state/saved_range.hpp"

#include <fmt/format.h>

#include "lowmeg/state/message_io.hpp"
#include "lowmeg/state/proto/topology.pb.h"
#include "lowmeg/state/wire_schema.hpp"

namespace lowmeg::state {

Buffer encode(const SavedRange& range) {
  const auto& [start, end] = range;
  topology::MemoryRange message;
  message.set_start(start);
  message.set_end(end);
  return serialize(message);
}

Result<SavedRange> decode_range(Bytes bytes) {
  topology::MemoryRange message;
  if (auto parsed = parse(bytes, kRangeRows, message); !parsed) return tl::unexpected(parsed.error());
  return SavedRange{message.start(), message.end()};
}

Result<GpaRange> accept(const SavedRange& range) {
  const auto& [start, end] = range;
  const struct {
    const char* name;
    std::uint64_t value;
  } bounds[] = {{"start", start}, {"end", end}};
  for (const auto& [name, value] : bounds) {
    if (!is_page_aligned(value)) {
      return fail(Errc::kInvalidArgument, fmt::format("{}: {:x}h is not page-aligned", name, value));
    }
  }
  if (start > end) {
    return fail(Errc::kInvalidArgument, fmt::format("end: {:x}h lies below the start, {:x}h", end, start));
  }
  return GpaRange(start, end);
}

SavedRange to_saved(const GpaRange& range) {
  return {range.start(), range.end()};
}

}  // namespace lowmeg::state
