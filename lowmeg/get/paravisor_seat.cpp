#include "lowmeg/get/paravisor_seat.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::get {
namespace {

// A paravisor that falls over the same access again and again is not worth another one.
constexpr unsigned kMostAttempts = 8;

Result<Done> outcome(Done done) {
  if (done.outcome != Done::Outcome::kFailed) return done;
  return fail(Errc::kSystem, "the paravisor: " + std::string(done.bytes.begin(), done.bytes.end()));
}

}  // namespace

Result<Done> ParavisorSeat::access(Access access) {
  Lock lock(mutex_);
  for (unsigned attempt = 0;; ++attempt) {
    auto link = await_paravisor(lock, attempt);
    if (!link) return tl::unexpected(link.error());
    in_hand_ = true;
    lock.unlock();
    auto done = (*link)->exchange(access);
    lock.lock();
    in_hand_ = false;
    changed_.notify_all();
    if (done) return outcome(std::move(*done));
    if (link_ == *link) link_.reset();
    lock.unlock();
    say(Severity::kWarning, "a paravisor has gone with an access in hand: " + done.error().message());
    lock.lock();
  }
}

Result<std::shared_ptr<ParavisorLink>> ParavisorSeat::await_paravisor(Lock& lock, unsigned attempt) {
  const auto arrived = [this] { return link_ || closed_; };
  if (!arrived() && options_.summon) return summoned(lock, attempt);
  if (!arrived()) {
    const Clock::time_point now = Clock::now();
    const Clock::time_point end = std::min(deadline_, now + options_.wait);
    lock.unlock();
    say(Severity::kInfo, "the guest waits for a paravisor");
    lock.lock();
    changed_.wait_until(lock, end, arrived);
  }
  if (closed_) return tl::unexpected(*closed_);
  if (link_) return link_;
  return fail(Errc::kTimeout, fmt::format("no paravisor came within {} s",
                                          std::chrono::duration<double>(options_.wait).count()));
}

Result<std::shared_ptr<ParavisorLink>> ParavisorSeat::summoned(Lock& lock, unsigned attempt) {
  if (attempt == kMostAttempts)
    return fail(Errc::kClosed, fmt::format("{} paravisors were lost over one access", attempt));
  lock.unlock();
  auto link = options_.summon();
  lock.lock();
  if (!link) return link;
  link_ = *link;
  ++takings_;
  return link_;
}

void ParavisorSeat::take(std::shared_ptr<ParavisorLink> link) {
  const std::lock_guard lock(mutex_);
  link_ = std::move(link);
  ++takings_;
  changed_.notify_all();
}

void ParavisorSeat::leave(const std::shared_ptr<ParavisorLink>& link) {
  const std::lock_guard lock(mutex_);
  if (link_ == link) link_.reset();
}

std::shared_ptr<ParavisorLink> ParavisorSeat::taken_by() const {
  const std::lock_guard lock(mutex_);
  return link_;
}

void ParavisorSeat::wait_until_idle() {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return !in_hand_; });
}

void ParavisorSeat::set_deadline(Clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  deadline_ = deadline;
  changed_.notify_all();
}

void ParavisorSeat::close(Error why) {
  std::shared_ptr<ParavisorLink> link;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) closed_ = std::move(why);
    link = link_;
    changed_.notify_all();
  }
  if (link) link->cut();
}

std::uint64_t ParavisorSeat::takings() const {
  const std::lock_guard lock(mutex_);
  return takings_;
}

void ParavisorSeat::say(Severity severity, std::string text) {
  events_.event({severity, "get", std::move(text)});
}

}  // namespace lowmeg::get
