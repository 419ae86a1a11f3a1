#include "lowmeg/get/host.hpp"

namespace lowmeg::get {
namespace {

const CreateRamGpaRange* as_create(const RangeRequest& request) {
  return std::get_if<CreateRamGpaRange>(&request);
}

}  // namespace

Result<std::unique_ptr<Host>> Host::create(memory::Mapper& mapper, memory::MemoryMap base,
                                           const HostLimits& limits, EventSink& events) {
  if (auto committed = mapper.commit(base); !committed) return tl::unexpected(committed.error());
  return std::unique_ptr<Host>(new Host(mapper, std::move(base), limits, events));
}

Host::Host(memory::Mapper& mapper, memory::MemoryMap base, const HostLimits& limits, EventSink& events)
    : mapper_(mapper), base_(std::move(base)), events_(events), slots_(limits) {}

void Host::apply(std::span<const RangeRequest> requests, std::span<CreateStatus> statuses) {
  LOWMEG_INVARIANT(requests.size() == statuses.size(), "a status for each request");
  const std::lock_guard lock(mutex_);
  SlotTable wanted = slots_;
  SlotTable resets_only = slots_;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (const CreateRamGpaRange* create = as_create(requests[i])) {
      statuses[i] = wanted.create(*create);
    } else {
      const std::uint32_t slot = std::get<ResetRamGpaRange>(requests[i]).slot;
      wanted.reset(slot);
      resets_only.reset(slot);
      statuses[i] = CreateStatus::kSuccess;
    }
  }
  if (!commit(wanted)) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (as_create(requests[i]) && statuses[i] == CreateStatus::kSuccess)
        statuses[i] = CreateStatus::kFailed;
    }
    commit(resets_only);
  }
  count(requests, statuses);
}

bool Host::commit(const SlotTable& table) {
  if (table == slots_) return true;
  ++counters_.commits;
  if (auto committed = mapper_.commit(table.overlaid(base_)); !committed) {
    if (commit_failed_.admit()) {
      events_.event(
          {Severity::kWarning, "get", "the map could not be changed: " + committed.error().message()});
    }
    return false;
  }
  slots_ = table;
  return true;
}

void Host::count(std::span<const RangeRequest> requests, std::span<const CreateStatus> statuses) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!as_create(requests[i])) {
      ++counters_.resets;
      continue;
    }
    ++counters_.creates;
    if (statuses[i] != CreateStatus::kSuccess) ++counters_.refused_creates;
  }
}

SlotTable Host::slots() const {
  const std::lock_guard lock(mutex_);
  return slots_;
}

HostCounters Host::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace lowmeg::get
