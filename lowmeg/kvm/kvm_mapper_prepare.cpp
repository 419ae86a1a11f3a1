// What a KvmMapper thinks of before a change: is the map possible, which calls lead to it, and may vCPUs run
// meanwhile?
#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "lowmeg/kvm/mapping_plan.hpp"
#include "lowmeg/memory/bounds.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::LayoutChange;
using memory::MemoryMap;
using memory::Region;

// The part of a layout that lies in `window`, which it covers.
Layout part(const Layout& layout, const GpaRange& window) {
  if (layout.window() == window) return layout;
  std::vector<Region> regions;
  for (const Region& region : layout.regions()) {
    if (!region.range.overlaps(window)) continue;
    const Gpa start = std::max(region.range.start(), window.start());
    regions.push_back({GpaRange(start, std::min(region.range.end(), window.end())), region.at(start)});
  }
  return Layout(window, regions);
}

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

}  // namespace

Result<KvmMapper::Step> KvmMapper::prepare(const MemoryMap& map, Demotions demotions) const {
  for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
    if (view != &map.cpu && view->shares_regions_with(map.cpu)) continue;
    if (auto checked = check(*view); !checked) return tl::unexpected(checked.error());
  }
  auto operations = way_to(map.cpu, demotions);
  if (!operations) return tl::unexpected(operations.error());
  Layout cpu = part(map.cpu, config_.window);
  std::vector<LayoutChange> cpu_changes = diff(cpu_, cpu);
  Step step{map,
            std::move(cpu),
            std::move(demotions),
            std::move(*operations),
            zones_for(map),
            std::move(cpu_changes),
            diff(part(map_.bus_master, config_.window), part(map.bus_master, config_.window)),
            Vcpus::kRunning};
  step.vcpus = vcpus_for(step);
  if (step.vcpus == Vcpus::kFenced) step.operations = with_fence(step.operations, Fenced::kAllButOne);
  return step;
}

Result<void> KvmMapper::check(const Layout& view) const {
  if (!view.window().contains(config_.window)) {
    return fail(Errc::kInvalidArgument, fmt::format("the map covers {:#x}-{:#x}, not the KVM mapper's window",
                                                    view.window().start(), view.window().end() - 1));
  }
  const Layout ours = part(view, config_.window);
  const memory::MemorySizes sizes{config_.memory.ram.bytes.size(), config_.memory.rom.bytes.size()};
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

Result<std::vector<Operation>> KvmMapper::way_to(const Layout& cpu, const Demotions& demotions) const {
  const std::vector<GpaRange> demoted = demotions.ranges();
  auto wanted = placements(cpu, {config_.window, config_.way, demoted});
  if (!wanted) return tl::unexpected(wanted.error());
  return plan(in_place_.table(), *wanted, rules_);
}

ZoneChanges KvmMapper::zones_for(const MemoryMap& map) const {
  const GpaRange within = intersection(config_.coalesced, config_.window);
  if (ring_page_ == 0 || within.empty()) return {};
  return zone_changes(zones_.zones(), pages_to_coalesce(map, within), pages_not_to_coalesce(map, within));
}

// Slots are gone for a moment when they change, and a change of zones reorders writes. A single mapping shows
// at once, several do one by one.
KvmMapper::Vcpus KvmMapper::vcpus_for(const Step& step) const {
  const bool is_unseen =
      std::ranges::all_of(step.cpu, [&](const LayoutChange& change) { return is_quiet(change, step); });
  if (!is_unseen || !step.zones.empty() || std::ranges::any_of(step.operations, is_slot_call))
    return Vcpus::kPaused;
  if (std::ranges::count_if(step.operations, is_mapping) < 2) return Vcpus::kRunning;
  return stillness_ == Stillness::kFence ? Vcpus::kFenced : Vcpus::kPaused;
}

// May a write to these pages, or a read, be under way while the map changes? Under a read-write slot a write
// runs, or is refused and waits; one that exits is completed after the change, and its vCPU saw nothing
// between. Not so what goes through the ring, or has no bytes: there the vCPU has gone on already.
bool KvmMapper::is_quiet(const LayoutChange& change, const Step& step) const {
  const bool writes_alike = change.before.write == change.after.write;
  if (writes_alike && is_mapped_anew(change.range, step.operations)) return true;
  if (!writes_alike &&
      std::ranges::any_of(zones_.zones(), [&](const GpaRange& zone) { return zone.overlaps(change.range); }))
    return false;
  for (Gpa gpa = change.range.start(); gpa < change.range.end();) {
    const Slot* slot = in_place_.table().slot_at(gpa);
    if (slot == nullptr || slot->kind != SlotKind::kReadWrite) return false;
    gpa = slot->range.end();
  }
  return true;
}

}  // namespace lowmeg::kvm
