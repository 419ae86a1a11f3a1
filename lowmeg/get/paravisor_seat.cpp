#include "lowmeg/get/paravisor_seat.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg::get {
namespace {

// A paravisor that falls over the same access again and again is not worth another one.
constexpr unsigned kMostAttempts = 8;
// Between two looks of whoever hears the news, while an access waits.
constexpr std::chrono::milliseconds kBetweenNews{50};

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
    const bool was_seated = link_ == *link;
    if (was_seated) link_.reset();
    lock.unlock();
    if (was_seated) options_.news(SeatNews::kLeft);
    say(Severity::kWarning, "a paravisor has gone with an access in hand: " + done.error().message());
    lock.lock();
  }
}

Result<std::shared_ptr<ParavisorLink>> ParavisorSeat::await_paravisor(Lock& lock, unsigned attempt) {
  const bool is_empty = !link_ && !closed_;
  if (is_empty && options_.summon) return summoned(lock, attempt);
  if (is_empty) wait_for_arrival(lock);
  if (closed_) return tl::unexpected(*closed_);
  if (link_) return link_;
  return fail(Errc::kTimeout, fmt::format("no paravisor came within {} s",
                                          std::chrono::duration<double>(options_.wait).count()));
}

void ParavisorSeat::wait_for_arrival(Lock& lock) {
  const auto arrived = [this] { return link_ || closed_; };
  const auto hear = [&](SeatNews news) {
    lock.unlock();
    options_.news(news);
    lock.lock();
  };
  const Clock::time_point begin = Clock::now();
  hear(SeatNews::kWaitBegins);
  lock.unlock();
  say(Severity::kInfo, "the guest waits for a paravisor");
  lock.lock();
  for (;;) {
    // The deadline may have been moved meanwhile.
    const Clock::time_point now = Clock::now(), end = std::min(deadline_, begin + options_.wait);
    if (changed_.wait_until(lock, std::min(end, now + kBetweenNews), arrived) || now >= end) break;
    hear(SeatNews::kWaits);
  }
  hear(SeatNews::kWaitEnds);
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
  lock.unlock();
  options_.news(SeatNews::kTaken);
  lock.lock();
  return *link;
}

void ParavisorSeat::take(std::shared_ptr<ParavisorLink> link) {
  {
    const std::lock_guard lock(mutex_);
    link_ = std::move(link);
    ++takings_;
    changed_.notify_all();
  }
  options_.news(SeatNews::kTaken);
}

void ParavisorSeat::leave(const std::shared_ptr<ParavisorLink>& link) {
  {
    const std::lock_guard lock(mutex_);
    if (link_ != link) return;
    link_.reset();
  }
  options_.news(SeatNews::kLeft);
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
