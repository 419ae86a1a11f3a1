#include "lowmeg/kvm/slot_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "lowmeg/kvm/mapping_plan.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Route;

enum class Merge { kLeave, kJoin };

// A stretch of pages that one slot could cover, as far as is known while it grows.
struct Run {
  GpaRange range;
  SlotNeed need;
  Route bytes;  // as Slot has them
};

// Both in one slot?
std::optional<SlotNeed> common(SlotNeed a, SlotNeed b) {
  if (a == SlotNeed::kEither) return b;
  if (b == SlotNeed::kEither || a == b) return a;
  return std::nullopt;
}

// Stretches of `wanted`, cut where a slot ends, each as long as it can be: so there are as few as can be.
class Runs {
 public:
  explicit Runs(const std::vector<Gpa>& cuts) : cuts_(cuts) {}

  void add(const GpaRange& range, SlotNeed need, Route bytes) {
    Gpa start = range.start();
    for (auto cut = std::ranges::upper_bound(cuts_, start); cut != cuts_.end() && *cut < range.end(); ++cut) {
      add_uncut({GpaRange(start, *cut), need, bytes.advanced(start - range.start())});
      start = *cut;
    }
    add_uncut({GpaRange(start, range.end()), need, bytes.advanced(start - range.start())});
  }
  std::vector<Run> take() { return std::move(runs_); }

 private:
  bool touches(const Run& run) const {
    if (runs_.empty()) return false;
    const Run& last = runs_.back();
    return last.range.end() == run.range.start() && !std::ranges::binary_search(cuts_, run.range.start()) &&
           last.bytes.advanced(last.range.size()) == run.bytes;
  }
  void add_uncut(Run run) {
    if (touches(run)) {
      Run& last = runs_.back();
      if (const auto need = common(last.need, run.need)) {
        if (run.need == SlotNeed::kReadOnly) firm_ = run.range.end();
        last = {GpaRange(last.range.start(), run.range.end()), *need, last.bytes};
        return;
      }
      give_back(run);
    }
    firm_ = run.range.end();
    runs_.push_back(run);
  }
  // Pages at the end of a read-only slot that might as well be in the read-write one that follows go there:
  // they are quicker to change in it.
  void give_back(Run& next) {
    Run& last = runs_.back();
    if (last.need != SlotNeed::kReadOnly || firm_ == last.range.end()) return;
    const Route bytes = last.bytes.advanced(firm_ - last.range.start());
    next = {GpaRange(firm_, next.range.end()), next.need, bytes};
    last.range = GpaRange(last.range.start(), firm_);
  }

  const std::vector<Gpa>& cuts_;
  std::vector<Run> runs_;
  Gpa firm_ = 0;  // where the part of the last run ends that settled its need
};

SlotKind kind_of(SlotNeed need) {
  return need == SlotNeed::kReadOnly ? SlotKind::kReadOnly : SlotKind::kReadWrite;
}

std::vector<Run> longest_runs(const std::vector<Placement>& wanted, const std::vector<Gpa>& cuts) {
  Runs runs(cuts);
  for (const Placement& placed : wanted)
    runs.add(placed.range, placed.need, placed.slot_bytes(placed.range.start()));
  return runs.take();
}

// Does the slot show all its pages as they should be?
bool suits_all(const Slot& slot, const std::vector<Placement>& wanted) {
  Gpa covered = slot.range.start();
  for (const Placement& placed : wanted) {
    const GpaRange both = intersection(placed.range, slot.range);
    if (both.empty()) continue;
    const Route bytes = slot.bytes.advanced(both.start() - slot.range.start());
    if (both.start() != covered || !suits(slot.kind, placed.need) || placed.slot_bytes(both.start()) != bytes)
      return false;
    covered = both.end();
  }
  return covered == slot.range.end();
}

bool is_a_run(const Slot& slot, const std::vector<Run>& runs) {
  return std::ranges::any_of(runs, [&](const Run& run) { return run.range == slot.range; });
}

// Slots for what the kept ones leave bare. The indices come later.
std::vector<Slot> bare_stretches(const std::vector<Placement>& wanted, const std::vector<Slot>& kept,
                                 const std::vector<Gpa>& cuts) {
  Runs runs(cuts);
  auto next = kept.begin();
  for (const Placement& placed : wanted) {
    Gpa start = placed.range.start();
    const auto cover_until = [&](Gpa end) {
      if (start < end) runs.add(GpaRange(start, end), placed.need, placed.slot_bytes(start));
    };
    while (next != kept.end() && next->range.end() <= start) ++next;
    for (auto slot = next; slot != kept.end() && slot->range.start() < placed.range.end(); ++slot) {
      cover_until(slot->range.start());
      start = std::max(start, slot->range.end());
    }
    cover_until(placed.range.end());
  }
  std::vector<Slot> bare;
  for (const Run& run : runs.take()) bare.push_back({0, run.range, kind_of(run.need), run.bytes});
  return bare;
}

struct SlotChanges {
  std::vector<Slot> kept, gone, added;
  std::size_t count() const { return kept.size() + added.size(); }
};

SlotChanges slot_changes(const SlotTable& table, const std::vector<Placement>& wanted,
                         const std::vector<Gpa>& cuts, Merge merge) {
  SlotChanges changes;
  changes.kept.reserve(table.slots().size());
  const std::vector<Run> runs = merge == Merge::kJoin ? longest_runs(wanted, cuts) : std::vector<Run>();
  for (const Slot& slot : table.slots()) {
    const bool stays = suits_all(slot, wanted) && (merge == Merge::kLeave || is_a_run(slot, runs));
    (stays ? changes.kept : changes.gone).push_back(slot);
  }
  changes.added = bare_stretches(wanted, changes.kept, cuts);
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

}  // namespace

Result<std::vector<Operation>> plan(const SlotTable& table, const std::vector<Placement>& wanted,
                                    const PlanRules& rules) {
  SlotChanges changes = slot_changes(table, wanted, rules.cuts, Merge::kLeave);
  if (changes.count() > rules.slot_count) changes = slot_changes(table, wanted, rules.cuts, Merge::kJoin);
  if (changes.count() > rules.slot_count) {
    return fail(Errc::kNotSupported, fmt::format("the map takes {} KVM slots; the mapper owns {}",
                                                 changes.count(), rules.slot_count));
  }
  number(changes);
  const MappingPlan mapping = mapping_plan(table.mapped(), wanted);
  std::vector<Operation> operations;
  operations.reserve(changes.gone.size() + changes.added.size() + mapping.size());
  for (const Slot& slot : changes.gone) operations.push_back(DeleteSlot{slot});
  operations.insert(operations.end(), mapping.lower.begin(), mapping.lower.end());
  operations.insert(operations.end(), mapping.map.begin(), mapping.map.end());
  operations.insert(operations.end(), mapping.raise.begin(), mapping.raise.end());
  for (const Slot& slot : changes.added) operations.push_back(CreateSlot{slot});
  return operations;
}

}  // namespace lowmeg::kvm
