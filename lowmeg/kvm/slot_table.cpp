#include "lowmeg/kvm/slot_table.hpp"

#include <algorithm>

namespace lowmeg::kvm {
namespace {

using memory::Route;
using memory::Routes;

// How a layout's region keeps an access: in its write route.
constexpr Route as_route(Access access) {
  switch (access) {
    case Access::kNone:
      return Route::bus();
    case Access::kRead:
      return Route::drop();
    case Access::kReadWrite:
      break;
  }
  return Route::open();
}

}  // namespace

Access SlotTable::access_of(const Routes& mapped) {
  for (const Access access : {Access::kRead, Access::kReadWrite}) {
    if (mapped.write == as_route(access)) return access;
  }
  return Access::kNone;
}

void SlotTable::apply(const Operation& operation) {
  if (const auto* gone = std::get_if<DeleteSlot>(&operation)) remove(gone->slot);
  if (const auto* added = std::get_if<CreateSlot>(&operation)) insert(added->slot);
  if (const auto* map = std::get_if<MapBytes>(&operation)) set_mapped(map->range, map->bytes, map->access);
  if (const auto* change = std::get_if<SetAccess>(&operation)) set_access(*change);
}

void SlotTable::note_failure(const Operation& operation) {
  if (const auto* map = std::get_if<MapBytes>(&operation))
    set_mapped(map->range, Route::bus(), Access::kNone);
  if (const auto* change = std::get_if<SetAccess>(&operation)) set_access({change->range, Access::kNone});
}

const Slot* SlotTable::slot_at(Gpa gpa) const {
  const auto next =
      std::ranges::upper_bound(slots_, gpa, {}, [](const Slot& slot) { return slot.range.start(); });
  if (next == slots_.begin()) return nullptr;
  const Slot& slot = *std::prev(next);
  return slot.range.contains(gpa) ? &slot : nullptr;
}

void SlotTable::remove(const Slot& slot) {
  const auto place = std::ranges::find(slots_, slot);
  LOWMEG_INVARIANT(place != slots_.end(), "only a slot that is there is deleted");
  slots_.erase(place);
}

void SlotTable::insert(const Slot& slot) {
  const auto next = std::ranges::find_if(
      slots_, [&](const Slot& other) { return other.range.start() >= slot.range.start(); });
  LOWMEG_INVARIANT(!slot.range.empty() && mapped_.window().contains(slot.range), "a slot within the window");
  LOWMEG_INVARIANT(
      std::ranges::none_of(
          slots_,
          [&](const Slot& other) { return other.index == slot.index || other.range.overlaps(slot.range); }),
      "slots have ids of their own and do not overlap");
  slots_.insert(next, slot);
}

void SlotTable::set_mapped(const GpaRange& range, Route bytes, Access access) {
  const memory::Region region{range, {.read = bytes, .write = as_route(access), .fetch = Route::bus()}};
  mapped_ = mapped_.overlaid({&region, 1});
}

void SlotTable::set_access(const SetAccess& change) {
  std::vector<memory::Region> regions;
  for (const memory::Region& region : mapped_.regions()) {
    if (!region.range.overlaps(change.range)) continue;
    const Gpa start = std::max(region.range.start(), change.range.start());
    Routes routes = region.at(start);
    routes.write = as_route(change.access);
    regions.push_back({GpaRange(start, std::min(region.range.end(), change.range.end())), routes});
  }
  mapped_ = mapped_.overlaid(regions);
}

}  // namespace lowmeg::kvm
