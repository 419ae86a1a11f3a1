#include "lowmeg/hyperv/get_backed_adjuster.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::hyperv {
namespace {

constexpr GpaRange kVgaRange{0xa0000, 0xc0000};

std::string describe(const Override& wanted) {
  return fmt::format("{:05x}-{:05x} from {:x}, {}", wanted.range.start(), wanted.range.end() - 1,
                     wanted.gpa_offset, wanted.access == Access::kReadOnly ? "read-only" : "read-write");
}

}  // namespace

GetBackedAdjuster::GetBackedAdjuster(get::Client* client, std::uint32_t base_slot, Gpa rom_bios_offset,
                                     EventSink& events)
    : rom_bios_offset_(rom_bios_offset),
      client_(client),
      events_(events),
      state_{.base_slot = base_slot, .handles = {}} {}

void GetBackedAdjuster::Plan::add(std::size_t index, const get::RangeRequest& request,
                                  const std::optional<Override>& create) {
  exchanges[size] = {request, std::nullopt};
  segment[size] = index;
  creates[size++] = create;
}

Result<void> GetBackedAdjuster::adjust(std::span<const GpaStateChange> changes) {
  LOWMEG_INVARIANT(client_ != nullptr, "an adjuster with a client");
  begin(changes);
  while (!wanted().empty()) {
    const auto performed = client_->perform(wanted());
    answered();
    if (performed) continue;
    plan_.size = 0;
    return performed;
  }
  return {};
}

void GetBackedAdjuster::begin(std::span<const GpaStateChange> changes) {
  LOWMEG_INVARIANT(changes.size() <= kSegmentCount, "each segment once in a call");
  LOWMEG_INVARIANT(plan_.size == 0, "one adjust at a time");
  is_again_ = false;
  for (const GpaStateChange& change : changes) plan_unsure(change, plan_);
  for (const GpaStateChange& change : changes) plan(change, plan_);
}

void GetBackedAdjuster::answered() {
  for (std::size_t step = 0; step < plan_.size; ++step) conclude(plan_, step);
  doubt_resets(plan_);
  plan_ = is_again_ ? Plan{} : plan_again(plan_);
  is_again_ = true;
}

// SLOT_OCCUPIED means "must be reset first": a reset that the host answered has not reached the slot. The
// only case that need not wait for the next change.
GetBackedAdjuster::Plan GetBackedAdjuster::plan_again(const Plan& plan) const {
  Plan again;
  for (std::size_t step = 0; step < plan.size; ++step) {
    if (plan.exchanges[step].status != get::CreateStatus::kSlotOccupied) continue;
    const auto& create = std::get<get::CreateRamGpaRange>(plan.exchanges[step].request);
    again.add(plan.segment[step], get::ResetRamGpaRange{create.slot});
    again.add(plan.segment[step], create, plan.creates[step]);
  }
  return again;
}

// A host that could not change its map for a create may not have done so for a reset either, and has no means
// to say it.
void GetBackedAdjuster::doubt_resets(const Plan& plan) {
  const auto asked = std::span(plan.exchanges).first(plan.size);
  const bool failed = std::ranges::any_of(asked, [](const get::RangeExchange& exchange) {
    return exchange.status == get::CreateStatus::kFailed;
  });
  for (std::size_t step = 0; failed && step < plan.size; ++step) {
    if (!state_.handles[plan.segment[step]]) unsure_[plan.segment[step]] = true;
  }
}

// These resets come before all else: what an unsure slot holds may overlap what another is to show.
void GetBackedAdjuster::plan_unsure(const GpaStateChange& change, Plan& plan) {
  const std::optional<std::size_t> index = segment_index(change.range);
  if (!index || !unsure_[*index]) return;
  plan.add(*index, get::ResetRamGpaRange{state_.base_slot + static_cast<std::uint32_t>(*index)});
}

void GetBackedAdjuster::plan(const GpaStateChange& change, Plan& plan) {
  if (change.range == kVgaRange) {
    LOWMEG_INVARIANT(change.now == GpaState::kMmio, "A0000-BFFFF is always Mmio: the host has it so");
    return;
  }
  const std::optional<std::size_t> index = segment_index(change.range);
  LOWMEG_INVARIANT(index.has_value(), "a range of the table");
  if (change.now == GpaState::kWriteOnly && write_only_.admit()) {
    events_.event(
        {Severity::kWarning, "hyperv",
         write_only_.told(fmt::format("write-only RAM is not supported: {:05x}-{:05x} becomes writable",
                                      change.range.start(), change.range.end() - 1))});
  }
  const std::optional<Handle>& handle = state_.handles[*index];
  const std::optional<Override> wanted = wanted_override(kSegments[*index], change.now, rom_bios_offset_);
  if (!unsure_[*index]) {
    const std::optional<Override> in_place = handle ? std::optional(handle->meta) : std::nullopt;
    if (wanted == in_place) return;  // what makes a restore silent
    if (handle) plan.add(*index, get::ResetRamGpaRange{handle->remote_handle});
  }
  if (wanted) {
    const std::uint64_t flags = wanted->access == Access::kReadOnly ? get::wire::kFlagRomMb : 0;
    plan.add(*index,
             get::CreateRamGpaRange{state_.base_slot + static_cast<std::uint32_t>(*index),
                                    wanted->range.start(), wanted->range.size(), wanted->gpa_offset, flags},
             wanted);
  }
}

void GetBackedAdjuster::conclude(const Plan& plan, std::size_t step) {
  const get::RangeExchange& exchange = plan.exchanges[step];
  const std::size_t index = plan.segment[step];
  unsure_[index] = exchange.status != get::CreateStatus::kSuccess;
  if (!exchange.status) return;  // never answered: the connection is lost, the machine stops
  std::optional<Handle>& handle = state_.handles[index];
  const auto* create = std::get_if<get::CreateRamGpaRange>(&exchange.request);
  if (create && *exchange.status == get::CreateStatus::kSuccess) {
    handle = Handle{create->slot, *plan.creates[step]};
    return;
  }
  handle.reset();
  if (create && refused_.admit()) {
    events_.event(
        {Severity::kWarning, "hyperv",
         refused_.told(fmt::format("the host refused to create range {} ({}): status {} {}", index,
                                   describe(*plan.creates[step]), static_cast<unsigned>(*exchange.status),
                                   get::name_of(*exchange.status)))});
  }
}

void GetBackedAdjuster::restore(const AdjusterState& state) {
  for (std::size_t i = 0; i < kSegmentCount; ++i) {
    const std::optional<Handle>& handle = state.handles[i];
    LOWMEG_INVARIANT(!handle || handle->remote_handle == state.base_slot + i, "a handle is its slot");
  }
  state_ = state;
  unsure_.fill(false);
}

void GetBackedAdjuster::mark_all_unsure() {
  unsure_.fill(true);
}

}  // namespace lowmeg::hyperv
