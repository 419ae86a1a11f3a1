#include "lowmeg/get/range_slots.hpp"

#include <bit>
#include <span>

namespace lowmeg::get {
namespace {

// Calls `visit(index)` for each set bit, lowest first, until it gives true; says whether it did.
template <typename Visit>
bool any_slot(std::uint64_t occupied, Visit visit) {
  for (; occupied != 0; occupied &= occupied - 1) {
    if (visit(static_cast<std::uint32_t>(std::countr_zero(occupied)))) return true;
  }
  return false;
}

}  // namespace

RangeSlots::RangeSlots(const HostLimits& limits) : limits_(limits) {
  LOWMEG_INVARIANT(limits.slots <= kCapacity, "no more slots than the table holds");
}

CreateStatus RangeSlots::create(const CreateRamGpaRange& request) {
  if (request.slot >= limits_.slots) return CreateStatus::kSlotOutOfBounds;
  if (occupied(request.slot)) return CreateStatus::kSlotOccupied;
  if (request.flags & ~wire::kFlagRomMb) return CreateStatus::kInvalidFlag;
  const std::optional<Slot> slot = accept_range(request);
  if (!slot) return CreateStatus::kInvalidGpa;
  slots_[request.slot] = *slot;
  occupied_ |= 1ull << request.slot;
  return CreateStatus::kSuccess;
}

std::optional<RangeSlots::Slot> RangeSlots::accept_range(const CreateRamGpaRange& request) const {
  const auto& [slot, start, count, offset, flags] = request;
  if (!is_page_aligned(start | count | offset)) return std::nullopt;
  const Gpa end = start + count;
  if (end <= start) return std::nullopt;  // nothing, or wraps around
  const GpaRange range(start, end);
  if (!limits_.window.contains(range) || count > limits_.ram_size || offset > limits_.ram_size - count) {
    return std::nullopt;
  }
  if (any_slot(occupied_, [&](std::uint32_t i) { return slots_[i].range.overlaps(range); }))
    return std::nullopt;
  return Slot{range, offset, (flags & wire::kFlagRomMb) != 0};
}

void RangeSlots::reset(std::uint32_t slot) {
  if (slot < limits_.slots) occupied_ &= ~(1ull << slot);
}

std::optional<RangeSlots::Slot> RangeSlots::slot(std::uint32_t index) const {
  return index < limits_.slots && occupied(index) ? std::optional(slots_[index]) : std::nullopt;
}

std::optional<std::uint32_t> RangeSlots::slot_at(Gpa gpa) const {
  std::optional<std::uint32_t> found;
  any_slot(occupied_, [&](std::uint32_t i) {
    if (slots_[i].range.contains(gpa)) found = i;
    return found.has_value();
  });
  return found;
}

memory::MemoryMap RangeSlots::overlaid(const memory::MemoryMap& base) const {
  std::array<memory::Region, kCapacity> regions;
  std::size_t count = 0;
  any_slot(occupied_, [&](std::uint32_t i) {
    const Slot& slot = slots_[i];
    // Kept sorted as they come: there are few, and they mostly come in order.
    std::size_t at = count++;
    for (; at > 0 && regions[at - 1].range.start() > slot.range.start(); --at) regions[at] = regions[at - 1];
    regions[at] = {slot.range, slot.read_only ? memory::read_only_ram_routes(slot.ram_offset)
                                              : memory::ram_routes(slot.ram_offset)};
    return false;
  });
  const auto overrides = std::span(regions).first(count);
  memory::MemoryMap map = memory::MemoryMap::uniform(base.cpu.overlaid(overrides));
  if (!base.cpu_smm.shares_regions_with(base.cpu)) map.cpu_smm = base.cpu_smm.overlaid(overrides);
  if (!base.bus_master.shares_regions_with(base.cpu)) map.bus_master = base.bus_master.overlaid(overrides);
  return map;
}

bool operator==(const RangeSlots& a, const RangeSlots& b) {
  return a.occupied_ == b.occupied_ &&
         !any_slot(a.occupied_, [&](std::uint32_t i) { return a.slots_[i] != b.slots_[i]; });
}

}  // namespace lowmeg::get
