#include "lowmeg/kvm/slot_table.hpp"

#include <algorithm>

namespace lowmeg::kvm {

void SlotTable::apply(const Operation& operation) {
  if (const auto* gone = std::get_if<DeleteSlot>(&operation)) remove(gone->slot);
  if (const auto* added = std::get_if<CreateSlot>(&operation)) insert(added->slot);
  if (const auto* swap = std::get_if<SwapBytes>(&operation)) {
    const memory::Region region{swap->bytes.range, {.read = swap->bytes.bytes, .write = {}, .fetch = {}}};
    mapped_ = mapped_.overlaid({&region, 1});
  }
}

void SlotTable::forget(const GpaRange& range) {
  const memory::Region region{range, memory::bus_routes()};
  mapped_ = mapped_.overlaid({&region, 1});
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

}  // namespace lowmeg::kvm
