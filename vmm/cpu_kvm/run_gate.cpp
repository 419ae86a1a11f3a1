#include "vmm/cpu_kvm/run_gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/core/invariant.hpp"

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

// A kick is repeated until it is acknowledged. Two milliseconds cost nothing and are longer than it takes.
constexpr std::chrono::milliseconds kKickInterval{2};

}  // namespace

RunGate::RunGate(std::span<GuestExit* const> exits, std::chrono::milliseconds patience)
    : patience_(patience) {
  for (GuestExit* exit : exits) slots_.push_back({.exit = exit});
}

RunGate::Order RunGate::enter(unsigned vcpu) {
  Lock lock(mutex_);
  Slot& slot = slots_[vcpu];
  slot.thread = std::this_thread::get_id();
  slot.gone = false;
  for (;;) {
    if (const auto order = try_enter(slot)) return *order;
    arrived_.notify_all();
    released_.wait(lock);
    slot.parked = false;
  }
}

std::optional<RunGate::Order> RunGate::try_enter(Slot& slot) {
  if (quitting_) {
    slot.inside = false;
    slot.gone = true;
    arrived_.notify_all();
    return Order::kQuit;
  }
  if (!pausing_ && !stop_wanted_) return go_inside(slot, Order::kRun);
  // Inside, so the pauser still waits: on the old map. Outside, a stop completes it, but not during a pause.
  if (slot.in_hand && (slot.inside || !pausing_)) return go_inside(slot, Order::kComplete);
  slot.inside = false;
  slot.parked = stop_wanted_ && !slot.in_hand;
  return std::nullopt;
}

RunGate::Order RunGate::go_inside(Slot& slot, Order order) {
  slot.inside = true;
  slot.exit->set_entry(order == Order::kRun ? GuestExit::Entry::kStay : GuestExit::Entry::kLeave);
  return order;
}

void RunGate::left(unsigned vcpu, InHand in_hand) {
  const Lock lock(mutex_);
  Slot& slot = slots_[vcpu];
  slot.in_hand = in_hand != InHand::kNothing;
  if (in_hand != InHand::kPort) return;
  slot.inside = false;
  if (pausing_) arrived_.notify_all();
}

// The flag that makes an entry come back is set under the lock here, and cleared under it in enter() only
// when nobody wants the vCPU outside: so no kick is lost. It is repeated all the same.
template <typename Wanted>
bool RunGate::kick_until(Lock& lock, Clock::time_point deadline, Wanted wanted) {
  while (!wanted()) {
    if (Clock::now() >= deadline) return false;
    for (Slot& slot : slots_) {
      if (!slot.inside) continue;
      slot.exit->set_entry(GuestExit::Entry::kLeave);
      slot.exit->interrupt();
    }
    arrived_.wait_for(lock, kKickInterval, wanted);
  }
  return true;
}

Result<void> RunGate::pause() {
  Lock lock(mutex_);
  const Clock::time_point deadline = Clock::now() + patience_;
  if (Slot* self = slot_of_this_thread(); self && self->inside) {
    self->inside = false;
    arrived_.notify_all();
  }
  if (!released_.wait_until(lock, deadline, [this] { return !pausing_ || quitting_; }))
    return lowmeg::fail(Errc::kTimeout, "pause vCPUs: another thread keeps them paused");
  if (quitting_) return lowmeg::fail(Errc::kClosed, "pause vCPUs: they are ending");
  pausing_ = true;
  if (kick_until(lock, deadline, [this] { return nobody_inside(); })) return {};
  const lowmeg::Error error = late("leave KVM_RUN");
  pausing_ = false;
  released_.notify_all();
  return tl::unexpected(error);
}

void RunGate::resume() {
  const Lock lock(mutex_);
  LOWMEG_INVARIANT(pausing_, "resume follows a pause");
  pausing_ = false;
  released_.notify_all();
}

void RunGate::request_stop() {
  const Lock lock(mutex_);
  stop_wanted_ = true;
  for (Slot& slot : slots_) {
    if (!slot.inside) continue;
    slot.exit->set_entry(GuestExit::Entry::kLeave);
    slot.exit->interrupt();
  }
  arrived_.notify_all();
}

bool RunGate::wait_for_stop(Clock::time_point deadline) {
  Lock lock(mutex_);
  return arrived_.wait_until(lock, deadline, [this] { return stop_wanted_; });
}

Result<void> RunGate::park() {
  Lock lock(mutex_);
  LOWMEG_INVARIANT(stop_wanted_, "park follows a request to stop");
  if (kick_until(lock, Clock::now() + patience_, [this] { return all_parked(); })) return {};
  return tl::unexpected(late("stop"));
}

bool RunGate::parked() const {
  const Lock lock(mutex_);
  return all_parked();
}

void RunGate::go_on() {
  const Lock lock(mutex_);
  stop_wanted_ = false;
  released_.notify_all();
}

void RunGate::quit() {
  Lock lock(mutex_);
  quitting_ = true;
  released_.notify_all();
  kick_until(lock, Clock::time_point::max(), [this] {
    return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.gone; });
  });
}

bool RunGate::nobody_inside() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.inside; });
}

bool RunGate::all_parked() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.parked || slot.gone; });
}

RunGate::Slot* RunGate::slot_of_this_thread() {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return !slot.gone && slot.thread == std::this_thread::get_id();
  });
  return found == slots_.end() ? nullptr : &*found;
}

lowmeg::Error RunGate::late(const char* what) const {
  std::string who;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].inside && (slots_[i].parked || slots_[i].gone || pausing_)) continue;
    who += fmt::format("{}{}", who.empty() ? "" : ", ", i);
  }
  return {Errc::kTimeout, fmt::format("vCPU {} did not {} within {} ms", who, what, patience_.count()), 0};
}

}  // namespace vmm
