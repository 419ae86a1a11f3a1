#include "lowmeg/kvm/change_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/mapping_plan.hpp"
#include "lowmeg/memory/bounds.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::LayoutChange;
using memory::MemoryMap;
using memory::Region;
using Vcpus = ChangePlan::Vcpus;

bool is_slot_call(const Operation& operation) {
  return std::holds_alternative<DeleteSlot>(operation) || std::holds_alternative<CreateSlot>(operation);
}
bool is_mapping(const Operation& operation) {
  return std::holds_alternative<MapBytes>(operation);
}

bool is_mapped_anew(const GpaRange& range, const std::vector<Operation>& operations) {
  return std::ranges::any_of(operations, [&](const Operation& operation) {
    const auto* map = std::get_if<MapBytes>(&operation);
    return map != nullptr && map->range.contains(range);
  });
}

// The order in which running CPUs may see the operations of several address spaces: rights are taken away
// everywhere before bytes change anywhere, and are given last.
int phase(const Operation& operation) {
  if (const auto* change = std::get_if<SetAccess>(&operation))
    return change->access == Access::kReadWrite ? 3 : 1;
  if (std::holds_alternative<DeleteSlot>(operation)) return 0;
  return is_mapping(operation) ? 2 : 4;
}

Result<void> check(const Layout& view, const KvmMapperConfig& config) {
  if (!view.window().contains(config.window)) {
    return fail(Errc::kInvalidArgument, fmt::format("the map covers {:#x}-{:#x}, not the KVM mapper's window",
                                                    view.window().start(), view.window().end() - 1));
  }
  const Layout ours = part_of(view, config.window);
  const memory::MemorySizes sizes{config.memory.ram.bytes.size(), config.memory.rom.bytes.size()};
  for (const Region& region : ours.regions()) {
    const GpaRange& range = region.range;
    if (!memory::are_within(region.routes, range.size(), sizes)) {
      return fail(Errc::kInvalidArgument,
                  fmt::format("the map of {:#x}-{:#x} reaches past the memory behind it", range.start(),
                              range.end() - 1));
    }
    if (!region.routes.are_possible()) {
      return fail(Errc::kNotSupported,
                  fmt::format("the map of {:#x}-{:#x} writes to ROM or reads from nowhere", range.start(),
                              range.end() - 1));
    }
  }
  return {};
}

ZoneChanges zones_for(const MemoryMap& map, const PlanInputs& now) {
  const GpaRange within = intersection(now.config.coalesced, now.config.window);
  if (!now.has_ring || within.empty()) return {};
  return zone_changes(now.zones, map, within);
}

// May a write to these pages, or a read, be under way while the map changes? Under a read-write slot a write
// runs, or is refused and waits; one that exits is completed after the change, and its vCPU saw nothing
// between. Not so what goes through the ring, or has no bytes: there the vCPU has gone on already.
bool is_quiet(const LayoutChange& change, const AddressSpace& space, const AddressSpace::Step& step,
              const std::vector<GpaRange>& zones) {
  const bool writes_alike = change.before.write == change.after.write;
  if (writes_alike && is_mapped_anew(change.range, step.operations)) return true;
  if (!writes_alike &&
      std::ranges::any_of(zones, [&](const GpaRange& zone) { return zone.overlaps(change.range); }))
    return false;
  for (Gpa gpa = change.range.start(); gpa < change.range.end();) {
    const Slot* slot = space.table().slot_at(gpa);
    if (slot == nullptr || slot->kind != SlotKind::kReadWrite) return false;
    gpa = slot->range.end();
  }
  return true;
}

bool is_unseen(const AddressSpace& space, const AddressSpace::Step& step,
               const std::vector<GpaRange>& zones) {
  return std::ranges::none_of(step.operations, is_slot_call) &&
         std::ranges::all_of(
             step.changes, [&](const LayoutChange& change) { return is_quiet(change, space, step, zones); });
}

// Slots are gone for a moment when they change, and a change of zones reorders writes. A single mapping shows
// at once, several do one by one.
Vcpus vcpus_for(const ChangePlan& plan, const PlanInputs& now) {
  if (!plan.zones.empty()) return Vcpus::kPaused;
  std::ptrdiff_t mappings = 0;
  for (std::size_t i = 0; i < now.spaces.size(); ++i) {
    if (!is_unseen(*now.spaces[i], plan.spaces[i], now.zones)) return Vcpus::kPaused;
    mappings += std::ranges::count_if(plan.spaces[i].operations, is_mapping);
  }
  if (mappings < 2) return Vcpus::kRunning;
  return now.stillness == Stillness::kFence ? Vcpus::kFenced : Vcpus::kPaused;
}

std::vector<LayoutChange> bus_master_changes(const PlanInputs& now, const MemoryMap& map,
                                             const AddressSpace::Step& cpu) {
  const bool is_as_cpu =
      map.bus_master.shares_regions_with(map.cpu) && now.map.bus_master.shares_regions_with(now.map.cpu);
  if (is_as_cpu) return cpu.changes;
  return diff(part_of(now.map.bus_master, now.config.window), part_of(map.bus_master, now.config.window));
}

}  // namespace

bool ChangePlan::changes_vcpus() const {
  return !std::ranges::all_of(spaces, [](const AddressSpace::Step& space) { return space.is_empty(); });
}

Result<ChangePlan> plan_change(const PlanInputs& now, const MemoryMap& map,
                               std::vector<Demotions> demotions) {
  for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
    if (view != &map.cpu && view->shares_regions_with(map.cpu)) continue;
    if (auto checked = check(*view, now.config); !checked) return tl::unexpected(checked.error());
  }
  ChangePlan plan{map, {}, zones_for(map, now), {}, Vcpus::kRunning, {}};
  plan.spaces.reserve(now.spaces.size());
  for (std::size_t i = 0; i < now.spaces.size(); ++i) {
    auto space = now.spaces[i]->step_to(i == 0 ? map.cpu : map.cpu_smm, std::move(demotions[i]));
    if (!space) return tl::unexpected(space.error());
    plan.spaces.push_back(std::move(*space));
  }
  plan.bus_master = bus_master_changes(now, map, plan.spaces.front());
  plan.vcpus = vcpus_for(plan, now);
  const Fenced fenced = now.spaces.size() == 1 ? Fenced::kAllButOne : Fenced::kAll;
  for (std::size_t i = 0; i < now.spaces.size(); ++i) {
    auto& operations = plan.spaces[i].operations;
    if (plan.vcpus == Vcpus::kFenced) operations = with_fence(operations, fenced);
    plan.moves.reserve(plan.moves.size() + operations.size());
    for (const Operation& operation : operations) plan.moves.push_back({i, operation});
  }
  if (now.spaces.size() > 1)
    std::ranges::stable_sort(plan.moves, {},
                             [](const ChangePlan::Move& move) { return phase(move.operation); });
  return plan;
}

}  // namespace lowmeg::kvm
