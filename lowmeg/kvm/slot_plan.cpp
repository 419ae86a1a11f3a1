#include "lowmeg/kvm/slot_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lowmeg::kvm {
namespace {

using memory::Region;
using memory::Route;
using memory::Target;

// A stretch of pages of one kind between cuts: what one slot could cover.
struct KindRun {
  GpaRange range;
  SlotKind kind;
};

enum class Merge { kLeave, kJoin };

bool is_cut(const std::vector<Gpa>& cuts, Gpa gpa) {
  return std::ranges::binary_search(cuts, gpa);
}

// The slot that a region wants, if any. The range is within the window.
std::optional<Placement> placement(const GpaRange& range, const memory::Routes& routes) {
  if (!routes.read.is_bytes() && routes.read.target() != Target::kOpen) return std::nullopt;
  const bool is_memory = routes.read.target() == Target::kRam && routes.write == routes.read;
  return Placement{is_memory ? SlotKind::kReadWrite : SlotKind::kReadOnly, {range, routes.read}};
}

GpaRange intersection(const GpaRange& a, const GpaRange& b) {
  const Gpa start = std::max(a.start(), b.start());
  return {start, std::max(start, std::min(a.end(), b.end()))};
}

std::vector<KindRun> kind_runs(const std::vector<Placement>& wanted, const std::vector<Gpa>& cuts) {
  std::vector<KindRun> runs;
  const auto append = [&](GpaRange range, SlotKind kind) {
    if (!runs.empty() && runs.back().kind == kind && runs.back().range.end() == range.start() &&
        !is_cut(cuts, range.start())) {
      range = GpaRange(runs.back().range.start(), range.end());
      runs.pop_back();
    }
    runs.push_back({range, kind});
  };
  for (const Placement& placed : wanted) {
    Gpa start = placed.bytes.range.start();
    for (auto cut = std::ranges::upper_bound(cuts, start);
         cut != cuts.end() && *cut < placed.bytes.range.end(); ++cut) {
      append(GpaRange(start, *cut), placed.kind);
      start = *cut;
    }
    append(GpaRange(start, placed.bytes.range.end()), placed.kind);
  }
  return runs;
}

bool may_stay(const Slot& slot, const std::vector<KindRun>& runs, Merge merge) {
  const auto run = std::ranges::find_if(
      runs, [&](const KindRun& candidate) { return candidate.range.end() > slot.range.start(); });
  if (run == runs.end() || run->kind != slot.kind) return false;
  return merge == Merge::kJoin ? run->range == slot.range : run->range.contains(slot.range);
}

// Slots for what the kept ones leave bare. The indices come later.
std::vector<Slot> bare_stretches(const std::vector<KindRun>& runs, const std::vector<Slot>& kept) {
  std::vector<Slot> bare;
  auto next = kept.begin();
  for (const KindRun& run : runs) {
    Gpa start = run.range.start();
    const auto cover_until = [&](Gpa end) {
      if (start < end) bare.push_back({0, GpaRange(start, end), run.kind});
    };
    for (; next != kept.end() && next->range.start() < run.range.end(); ++next) {
      cover_until(next->range.start());
      start = next->range.end();
    }
    cover_until(run.range.end());
  }
  return bare;
}

struct SlotChanges {
  std::vector<Slot> kept, gone, added;
  std::size_t count() const { return kept.size() + added.size(); }
};

SlotChanges slot_changes(const SlotTable& table, const std::vector<KindRun>& runs, Merge merge) {
  SlotChanges changes;
  for (const Slot& slot : table.slots()) {
    (may_stay(slot, runs, merge) ? changes.kept : changes.gone).push_back(slot);
  }
  changes.added = bare_stretches(runs, changes.kept);
  return changes;
}

// Gives each new slot the lowest index that no kept one has.
void number(SlotChanges& changes) {
  std::vector<std::uint32_t> taken;
  for (const Slot& slot : changes.kept) taken.push_back(slot.index);
  std::ranges::sort(taken);
  std::uint32_t index = 0;
  auto next_taken = taken.begin();
  for (Slot& slot : changes.added) {
    for (; next_taken != taken.end() && *next_taken == index; ++next_taken) ++index;
    slot.index = index++;
  }
}

// One swap for each stretch whose bytes are not there yet.
std::vector<MappedBytes> swaps(const SlotTable& table, const std::vector<Placement>& wanted) {
  std::vector<MappedBytes> result;
  const auto append = [&](const GpaRange& range, Route bytes) {
    if (!result.empty()) {
      MappedBytes& last = result.back();
      if (last.range.end() == range.start() && last.bytes.advanced(last.range.size()) == bytes) {
        last.range = GpaRange(last.range.start(), range.end());
        return;
      }
    }
    result.push_back({range, bytes});
  };
  auto below = table.mapped().regions().begin();
  for (const Placement& placed : wanted) {
    const GpaRange& range = placed.bytes.range;
    for (Gpa gpa = range.start(); gpa < range.end();) {
      while (below->range.end() <= gpa) ++below;
      const Gpa end = std::min(below->range.end(), range.end());
      const Route bytes = placed.bytes.bytes.advanced(gpa - range.start());
      if (below->at(gpa).read != bytes) append(GpaRange(gpa, end), bytes);
      gpa = end;
    }
  }
  return result;
}

}  // namespace

Result<std::vector<Placement>> placements(const memory::Layout& layout, const GpaRange& window) {
  std::vector<Placement> result;
  for (const Region& region : layout.regions()) {
    GpaRange range = intersection(region.range, window);
    if (range.empty()) continue;
    if (region.routes.fetch != region.routes.read) {
      return fail(Errc::kNotSupported,
                  fmt::format("KVM cannot fetch from elsewhere than it reads: {:#x}-{:#x}", range.start(),
                              range.end() - 1));
    }
    if (region.routes.read.target() == Target::kOpen) range = intersection(range, kOpenSlots);
    if (range.empty()) continue;
    if (auto placed = placement(range, region.at(range.start()))) result.push_back(*placed);
  }
  return result;
}

Result<std::vector<Operation>> plan(const SlotTable& table, const std::vector<Placement>& wanted,
                                    const PlanRules& rules) {
  const std::vector<KindRun> runs = kind_runs(wanted, rules.cuts);
  SlotChanges changes = slot_changes(table, runs, Merge::kLeave);
  if (changes.count() > rules.slot_count) changes = slot_changes(table, runs, Merge::kJoin);
  if (changes.count() > rules.slot_count) {
    return fail(Errc::kNotSupported, fmt::format("the map takes {} KVM slots; the mapper owns {}",
                                                 changes.count(), rules.slot_count));
  }
  number(changes);
  std::vector<Operation> operations;
  for (const Slot& slot : changes.gone) operations.push_back(DeleteSlot{slot});
  for (const MappedBytes& bytes : swaps(table, wanted)) operations.push_back(SwapBytes{bytes});
  for (const Slot& slot : changes.added) operations.push_back(CreateSlot{slot});
  return operations;
}

}  // namespace lowmeg::kvm
