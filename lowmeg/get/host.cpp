#include "lowmeg/get/host.hpp"

#include "lowmeg/core/stopwatch.hpp"

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
    : mapper_(mapper), events_(events), base_(std::move(base)), slots_(limits), shown_(limits) {}

void Host::apply(std::span<const RangeRequest> requests, std::span<CreateStatus> statuses) {
  LOWMEG_INVARIANT(requests.size() == statuses.size(), "a status for each request");
  const std::lock_guard lock(mutex_);
  const Stopwatch stopwatch(counters_.nanoseconds);
  carry_out(requests, statuses);
  ++counters_.round_trips;
  for (std::size_t i = 0; i < requests.size(); ++i) counters_.count(requests[i], statuses[i]);
  if (observer_) observer_->applied(requests, statuses, slots_);
}

void Host::carry_out(std::span<const RangeRequest> requests, std::span<CreateStatus> statuses) {
  RangeSlots wanted = slots_;
  RangeSlots resets_only = slots_;
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
  if (show(wanted)) {
    slots_ = wanted;
    return;
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const bool was_accepted = as_create(requests[i]) && statuses[i] == CreateStatus::kSuccess;
    if (was_accepted) statuses[i] = CreateStatus::kFailed;
  }
  slots_ = resets_only;
  if (resets_only != wanted) show(resets_only);
}

bool Host::show(const RangeSlots& table) {
  if (table == shown_) return true;
  ++counters_.commits;
  if (auto committed = commit(table); !committed) {
    if (commit_failed_.admit()) {
      events_.event({Severity::kWarning, "get",
                     commit_failed_.told("the map could not be changed: " + committed.error().message())});
    }
    return false;
  }
  shown_ = table;
  return true;
}

Result<void> Host::commit(const RangeSlots& table) {
  if (carrier_) {
    if (auto carried = carrier_->carry_out(shown_, table); !carried) return carried;
  }
  return mapper_.commit(table.overlaid(base_));
}

Result<void> Host::change_base(memory::MemoryMap base) {
  const std::lock_guard lock(mutex_);
  if (base == base_) return {};
  auto committed = mapper_.commit(slots_.overlaid(base));
  if (!committed) return committed;
  base_ = std::move(base);
  shown_ = slots_;  // what was owed is done with it
  return committed;
}

void Host::observe(HostObserver* observer) {
  const std::lock_guard lock(mutex_);
  observer_ = observer;
}

void Host::carry_by(RangeCarrier* carrier) {
  const std::lock_guard lock(mutex_);
  carrier_ = carrier;
}

void Host::count_bytes(std::uint64_t received, std::uint64_t sent) {
  const std::lock_guard lock(mutex_);
  counters_.bytes_received += received;
  counters_.bytes_sent += sent;
}

RangeSlots Host::slots() const {
  const std::lock_guard lock(mutex_);
  return slots_;
}

Counters Host::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace lowmeg::get
