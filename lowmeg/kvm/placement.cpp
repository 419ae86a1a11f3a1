#include "lowmeg/kvm/placement.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::kvm {
namespace {

using memory::Region;
using memory::Routes;
using memory::Target;

bool is_memory(const Routes& routes) {
  return routes.read.target() == Target::kRam && routes.write == routes.read;
}

// Writes that somebody means to make: to RAM other than is read. They are to exit at once.
bool is_for_writing(const Routes& routes) {
  return routes.write.target() == Target::kRam;
}

SlotNeed need_of(const Routes& routes, MapWay way) {
  if (is_memory(routes)) return SlotNeed::kReadWrite;
  return way != MapWay::kProtect || is_for_writing(routes) ? SlotNeed::kReadOnly : SlotNeed::kEither;
}

// RAM under a read-only slot may be mapped for writing: then it becomes memory as it is.
Access access_of(const Routes& routes, MapWay way) {
  const bool may_write = way == MapWay::kProtect ? is_memory(routes) : routes.read.target() == Target::kRam;
  return may_write ? Access::kReadWrite : Access::kRead;
}

// `placed`, in two kinds of pieces: those that are demoted need a read-only slot.
void append(const Placement& placed, std::span<const GpaRange> demoted, std::vector<Placement>& result) {
  const auto piece = [&](Gpa start, Gpa end, SlotNeed need) {
    if (start >= end) return;
    Placement part = placed;
    part.bytes = placed.bytes.advanced(start - placed.range.start());
    part.range = GpaRange(start, end);
    part.need = need;
    result.push_back(part);
  };
  Gpa start = placed.range.start();
  for (const GpaRange& range : demoted) {
    const GpaRange both = intersection(range, placed.range);
    if (both.empty() || placed.need != SlotNeed::kEither) continue;
    piece(start, both.start(), placed.need);
    piece(both.start(), both.end(), SlotNeed::kReadOnly);
    start = both.end();
  }
  piece(start, placed.range.end(), placed.need);
}

}  // namespace

GpaRange intersection(const GpaRange& a, const GpaRange& b) {
  const Gpa start = std::max(a.start(), b.start());
  return {start, std::max(start, std::min(a.end(), b.end()))};
}

Result<std::vector<Placement>> placements(const memory::Layout& layout, const PlacementRules& rules) {
  std::vector<Placement> result;
  result.reserve(layout.regions().size() + 2 * rules.demoted.size());
  for (const Region& region : layout.regions()) {
    GpaRange range = intersection(region.range, rules.window);
    if (range.empty()) continue;
    if (region.routes.fetch != region.routes.read) {
      return fail(Errc::kNotSupported,
                  fmt::format("KVM cannot fetch from elsewhere than it reads: {:#x}-{:#x}", range.start(),
                              range.end() - 1));
    }
    const bool is_open = region.routes.read.target() == Target::kOpen;
    if (is_open) range = intersection(range, kOpenSlots);
    if (range.empty() || !(is_open || region.routes.read.is_bytes())) continue;
    const Routes routes = region.at(range.start());
    append({range, need_of(routes, rules.way), routes.read, access_of(routes, rules.way), rules.way},
           rules.demoted, result);
  }
  return result;
}

}  // namespace lowmeg::kvm
