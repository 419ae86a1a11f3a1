#include "vmm/machine_trace.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vmm {
namespace {

using Kind = TraceEvent::Kind;
using lowmeg::get::CreateRamGpaRange;
using lowmeg::get::SeatNews;
using std::chrono::steady_clock;

TraceEvent request_event(const lowmeg::get::RangeRequest& request, lowmeg::get::CreateStatus status) {
  if (const auto* reset = std::get_if<lowmeg::get::ResetRamGpaRange>(&request))
    return {.kind = Kind::kGetRequest, .name = "reset", .numbers = {{"slot", reset->slot}}};
  const auto& create = std::get<CreateRamGpaRange>(request);
  return {.kind = Kind::kGetRequest,
          .name = "create",
          .texts = {{"gpa", fmt::format("{:05X}", create.gpa_start)},
                    {"from", fmt::format("{:08X}", create.gpa_offset)},
                    {"status", std::string(lowmeg::get::name_of(status))}},
          .numbers = {{"slot", create.slot}, {"size", create.gpa_count}, {"flags", create.flags}}};
}

const char* name_of(SeatNews news) {
  switch (news) {
    case SeatNews::kTaken:
      return "paravisor came";
    case SeatNews::kLeft:
      return "paravisor went";
    case SeatNews::kWaitBegins:
    case SeatNews::kWaits:
    case SeatNews::kWaitEnds:
      break;
  }
  return "the guest waited for a paravisor";
}

}  // namespace

lowmeg::kvm::Syscalls& MachineTrace::over(lowmeg::kvm::Syscalls& below) {
  return syscalls_.emplace(below, teller());
}

lowmeg::kvm::PauseVcpus& MachineTrace::over(lowmeg::kvm::PauseVcpus& below) {
  return pause_.emplace(below, teller());
}

lowmeg::memory::Mapper& MachineTrace::over(lowmeg::memory::Mapper& below) {
  return mapper_.emplace(below, teller());
}

lowmeg::get::HostObserver& MachineTrace::over(lowmeg::get::HostObserver* below) {
  below_ = below;
  return *this;
}

void MachineTrace::tell(TraceEvent event) {
  tell_at(std::move(event), now_ns());
}

void MachineTrace::tell_at(TraceEvent event, std::uint64_t now) {
  const std::lock_guard lock(telling_);
  if (is_closed_) return;
  if (timing_ == Timing::kDeterministic) event.took_ns = 0;
  event.at_ns = now - std::min(now, event.took_ns);
  sink_(event);
}

void MachineTrace::close() {
  const std::lock_guard lock(telling_);
  is_closed_ = true;
}

// The clock that counts instructions is the machine's thread's alone.
void MachineTrace::seat(SeatNews news) {
  if (news == SeatNews::kWaitBegins) {
    waits_since_ = steady_clock::now();
    return;
  }
  if (news == SeatNews::kWaits) return;
  TraceEvent event{.kind = Kind::kServicing, .name = name_of(news)};
  if (news == SeatNews::kWaitEnds)
    event.took_ns = static_cast<std::uint64_t>((steady_clock::now() - waits_since_).count());
  const bool is_wall = timing_ == Timing::kWall;
  tell_at(std::move(event), is_wall ? now_ns() : last_turn_ns_.load(std::memory_order_relaxed));
}

void MachineTrace::applied(std::span<const lowmeg::get::RangeRequest> requests,
                           std::span<const lowmeg::get::CreateStatus> statuses,
                           const lowmeg::get::RangeSlots& slots) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    TraceEvent event = request_event(requests[i], statuses[i]);
    event.numbers.emplace_back("batch_of", requests.size());
    tell(std::move(event));
  }
  if (below_) below_->applied(requests, statuses, slots);
}

void MachineTrace::demoted(std::span<const lowmeg::GpaRange> all) {
  std::string text;
  for (const lowmeg::GpaRange& range : all)
    text += fmt::format("{}{:05X}-{:05X}", text.empty() ? "" : " ", range.start(), range.end() - 1);
  tell({.kind = Kind::kDemotion, .name = "demotion", .texts = {{"demoted_now", text}}});
}

}  // namespace vmm
