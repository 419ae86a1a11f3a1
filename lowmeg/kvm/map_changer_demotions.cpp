// Pages that refuse writes, and were written.
#include "lowmeg/kvm/map_changer.hpp"

namespace lowmeg::kvm {

// Pages that `map` makes memory again are no longer demoted.
std::vector<Demotions> MapChanger::promoted_by(const memory::MemoryMap& map) const {
  std::vector<Demotions> result;
  result.reserve(spaces_.size());
  for (std::size_t i = 0; i < spaces_.size(); ++i) {
    result.push_back(spaces_[i]->demotions());
    result.back().promote(i == 0 ? map.cpu : map.cpu_smm);
  }
  return result;
}

// Who cannot have the commit lock comes again: whoever holds it may be waiting for this vCPU to stand still.
Result<MapChanger::Demoted> MapChanger::demote(std::uint64_t entered, std::optional<Gpa> gpa) {
  const std::unique_lock commit_lock(commit_lock_, std::try_to_lock);
  if (!commit_lock || generation() != entered) return Demoted::kLater;
  if (lost_) return tl::unexpected(*lost_);
  std::vector<Demotions> demotions = demoted(gpa);
  if (demotions.empty() && gpa) demotions = demoted(std::nullopt);
  if (demotions.empty()) return Demoted::kNothing;
  auto plan = plan_change(in_place(), map_, std::move(demotions));
  if (!plan) return tl::unexpected(plan.error());
  if (auto done = transact(*plan); !done) return tl::unexpected(done.error());
  ++counters_.demotions;
  if (parts_.config.observer) parts_.config.observer->demoted(spaces_.front()->demotions().ranges());
  return Demoted::kSomething;
}

// With all pages that are protected under a read-write slot, or with those that go with `gpa`; in whichever
// mode the vCPU is. Empty when there are none.
std::vector<Demotions> MapChanger::demoted(std::optional<Gpa> gpa) const {
  std::vector<Demotions> result;
  bool is_any = false;
  for (const auto& space : spaces_) {
    result.push_back(space->demotions());
    for (const GpaRange& range : space->protected_pages(gpa)) {
      result.back().demote(range);
      is_any = true;
    }
  }
  if (!is_any) result.clear();
  return result;
}

}  // namespace lowmeg::kvm
