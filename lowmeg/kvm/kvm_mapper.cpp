// A KvmMapper's transaction: what a change takes, made whole or not at all.
#include "lowmeg/kvm/kvm_mapper.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::kvm {

// The vCPUs' pause for one change. Whatever way a change ends, they run on: but not over a lost map.
class KvmMapper::Pause {
 public:
  explicit Pause(KvmMapper& mapper) : mapper_(mapper) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    if (is_paused_ && !mapper_.lost_) mapper_.pause_.resume();
  }

  bool is_paused() const { return is_paused_; }
  Result<void> begin() {
    if (is_paused_) return {};
    if (auto paused = mapper_.pause_.pause(); !paused) return paused;
    is_paused_ = true;
    ++mapper_.counters_.pauses;
    return {};
  }

 private:
  KvmMapper& mapper_;
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

Result<void> KvmMapper::commit(const memory::MemoryMap& map) {
  const std::lock_guard commit_lock(commit_lock_);
  if (lost_) return tl::unexpected(*lost_);
  std::vector<Demotions> demotions;
  for (std::size_t i = 0; i < spaces_.size(); ++i) {
    demotions.push_back(spaces_[i]->demotions());
    demotions.back().promote(i == 0 ? map.cpu : map.cpu_smm);
  }
  auto step = prepare(map, std::move(demotions));
  if (!step) return tl::unexpected(step.error());
  const bool counts = step->is_needed();
  auto done = observed(*step);
  if (done && counts) ++counters_.commits;
  return done;
}

Result<void> KvmMapper::observed(Step& step) {
  const bool tells = config_.observer != nullptr && step.shows_a_change();
  if (tells) {
    auto agreed = caught([&] { return config_.observer->map_will_change(step.change()); });
    if (!agreed) return agreed;
  }
  auto done = transact(step);
  if (done || !tells || map_ == step.map) return done;
  static_cast<void>(caught([&]() -> Result<void> {
    config_.observer->map_did_not_change(step.change());
    return {};
  }));
  return done;
}

Result<void> KvmMapper::transact(Step& step) {
  Pause pause(*this);
  if (step.vcpus == Vcpus::kPaused) {
    if (auto paused = pause.begin(); !paused) return paused;
  }
  if (auto changed = caught([&] { return change(step); }); !changed)
    return undo(changed.error(), step, pause);
  if (step.vcpus == Vcpus::kFenced) ++counters_.fences;
  return tell_changed(step);
}

// The pause comes before the map lock: a vCPU that is waited for may need the map.
Result<void> KvmMapper::change(Step& step) {
  const std::unique_lock map_lock(map_lock_);
  drain_holding_map();
  if (auto ended = zones_.end(step.zones.gone); !ended) return ended;
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->begin(step.spaces[i]);
  for (const Move& move : step.moves) {
    if (auto done = spaces_[move.space]->carry_out(move.operation); !done) return done;
  }
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->end(step.spaces[i]);
  // What does not wait in the ring exits: a zone that cannot be had is missed, not needed.
  static_cast<void>(zones_.begin(step.zones.added));
  for (std::size_t i = 0; i < spaces_.size(); ++i) spaces_[i]->adopt(step.spaces[i]);
  map_ = step.map;
  // After the change: who entered during it and was turned away has an older number.
  if (step.changes_vcpus()) generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> KvmMapper::undo(const Error& cause, const Step& step, Pause& pause) {
  static_cast<void>(pause.begin());
  const std::unique_lock map_lock(map_lock_);
  const Result<void> restored = caught([&] { return restore(step); });
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
Result<void> KvmMapper::restore(const Step& step) {
  for (const auto& space : spaces_) {
    if (auto done = space->restore(); !done) return done;
  }
  static_cast<void>(zones_.begin(zone_changes(zones_.zones(), step.zones.gone, {}).added));
  return {};
}

Result<void> KvmMapper::tell_changed(const Step& step) {
  if (config_.observer == nullptr || !step.shows_a_change()) return {};
  auto told = caught([&]() -> Result<void> {
    config_.observer->map_changed(step.change());
    return {};
  });
  if (told) return told;
  return fail(Errc::kSystem, "the memory map is changed, but who observes it failed: " + told.error().what);
}

Result<void> KvmMapper::log_writes(WriteLog* log) {
  const std::lock_guard commit_lock(commit_lock_);
  if (lost_) return tl::unexpected(*lost_);
  const std::unique_lock map_lock(map_lock_);
  for (std::size_t i = 0; i < spaces_.size(); ++i) {
    auto set = spaces_[i]->log_writes(log);
    if (set) continue;
    for (std::size_t done = 0; done < i; ++done) static_cast<void>(spaces_[done]->log_writes(write_log_));
    return set;
  }
  write_log_ = log;
  return {};
}

void KvmMapper::harvest() {
  const std::lock_guard commit_lock(commit_lock_);
  const std::shared_lock map_lock(map_lock_);
  drain_holding_map();
  for (const auto& space : spaces_) space->harvest();
}

KvmMapperCounters KvmMapper::counters() const {
  const std::lock_guard commit_lock(commit_lock_);
  KvmMapperCounters result = counters_;
  for (const auto& space : spaces_) {
    result.slot_calls += space->calls().slots;
    result.swaps += space->calls().mappings;
    result.protections += space->calls().protections;
  }
  result.drained_writes = ring_.drained();
  result.stray_reads = stray_reads_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace lowmeg::kvm
