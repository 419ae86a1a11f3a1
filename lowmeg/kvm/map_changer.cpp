#include "lowmeg/kvm/map_changer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::kvm {

// The vCPUs' pause for one change. Whatever way a change ends, they run on: but not over a lost map.
class MapChanger::Pause {
 public:
  explicit Pause(MapChanger& changer) : changer_(changer) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    if (is_paused_ && !changer_.lost_) changer_.parts_.pause.resume();
  }

  bool is_paused() const { return is_paused_; }
  Result<void> begin() {
    if (is_paused_) return {};
    if (auto paused = changer_.parts_.pause.pause(); !paused) return paused;
    is_paused_ = true;
    ++changer_.counters_.pauses;
    return {};
  }

 private:
  MapChanger& changer_;
  bool is_paused_ = false;
};

namespace {

// An error instead of an exception: memory that runs out, or what an embedder's code throws. No exception
// may leave between a pause and its end.
template <typename Work>
Result<void> caught(Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return fail(Errc::kSystem, error.what());
  } catch (...) {
    return fail(Errc::kSystem, "an exception");
  }
}

}  // namespace

Result<void> MapChanger::commit(const memory::MemoryMap& map) {
  const std::lock_guard commit_lock(commit_lock_);
  if (lost_) return tl::unexpected(*lost_);
  auto plan = plan_change(in_place(), map, promoted_by(map));
  if (!plan) return tl::unexpected(plan.error());
  const bool counts = plan->is_needed();
  auto done = observed(*plan);
  if (done && counts) ++counters_.commits;
  return done;
}

Result<void> MapChanger::observed(ChangePlan& plan) {
  const bool tells = parts_.config.observer != nullptr && plan.shows_a_change();
  if (tells) {
    auto agreed = caught([&] { return parts_.config.observer->map_will_change(plan.change()); });
    if (!agreed) return agreed;
  }
  auto done = transact(plan);
  if (done || !tells || map_ == plan.map) return done;
  static_cast<void>(caught([&]() -> Result<void> {
    parts_.config.observer->map_did_not_change(plan.change());
    return {};
  }));
  return done;
}

Result<void> MapChanger::transact(ChangePlan& plan) {
  Pause pause(*this);
  if (plan.vcpus == ChangePlan::Vcpus::kPaused) {
    if (auto paused = pause.begin(); !paused) return paused;
  }
  if (auto changed = caught([&] { return change(plan); }); !changed)
    return undo(changed.error(), plan, pause);
  if (plan.vcpus == ChangePlan::Vcpus::kFenced) ++counters_.fences;
  return tell_changed(plan);
}

// The pause comes before the map lock: a vCPU that is waited for may need the map.
Result<void> MapChanger::change(ChangePlan& plan) {
  const std::unique_lock map_lock(map_lock_);
  drain_holding_map();
  if (auto ended = zones_.end(plan.zones.gone); !ended) return ended;
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->begin(plan.spaces[i]);
  for (const ChangePlan::Move& move : plan.moves) {
    if (auto done = spaces_[move.space]->carry_out(move.operation); !done) return done;
  }
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->end(plan.spaces[i]);
  // What does not wait in the ring exits: a zone that cannot be had is missed, not needed.
  static_cast<void>(zones_.begin(plan.zones.added));
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->adopt(plan.spaces[i]);
  map_ = plan.map;
  // After the change: who entered during it and was turned away has an older number.
  if (plan.changes_vcpus()) generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> MapChanger::undo(const Error& cause, const ChangePlan& plan, Pause& pause) {
  static_cast<void>(pause.begin());
  const std::unique_lock map_lock(map_lock_);
  const Result<void> restored = caught([&] { return restore(plan); });
  generation_.fetch_add(1, std::memory_order_release);
  if (restored) return tl::unexpected(cause);
  lost_ = Error{Errc::kSystem,
                fmt::format("the guest's memory map is lost, its vCPUs {}: {}; then, putting it back: {}",
                            pause.is_paused() ? "stay paused" : "cannot be paused", cause.message(),
                            restored.error().message()),
                0};
  is_lost_.store(true, std::memory_order_release);
  return tl::unexpected(*lost_);
}

// From wherever the change had come to.
Result<void> MapChanger::restore(const ChangePlan& plan) {
  for (const auto& space : spaces_) {
    if (auto done = space->restore(); !done) return done;
  }
  static_cast<void>(zones_.begin(without(plan.zones.gone, zones_.zones())));
  return {};
}

Result<void> MapChanger::tell_changed(const ChangePlan& plan) {
  if (parts_.config.observer == nullptr || !plan.shows_a_change()) return {};
  auto told = caught([&]() -> Result<void> {
    parts_.config.observer->map_changed(plan.change());
    return {};
  });
  if (told) return told;
  return fail(Errc::kSystem, "the memory map is changed, but who observes it failed: " + told.error().what);
}

std::optional<Error> MapChanger::lost() const {
  if (!is_lost()) return std::nullopt;
  const std::scoped_lock lock(commit_lock_);
  return lost_;
}

KvmMapperCounters MapChanger::counters() const {
  const std::lock_guard commit_lock(commit_lock_);
  KvmMapperCounters result = counters_;
  for (const auto& space : spaces_) {
    result.slot_calls += space->calls().slots;
    result.swaps += space->calls().mappings;
    result.protections += space->calls().protections;
  }
  return result;
}

}  // namespace lowmeg::kvm
