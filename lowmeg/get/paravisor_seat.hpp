// Where the one paravisor of a VM sits, and where the guest's accesses wait for it.
//
// A paravisor may go at any moment and a successor take its seat: the access that it had in hand is handed
// over again, marked as a redo. That is enough, because config accesses may be done twice: the state is the
// same, and what the host was asked for is mended by the mark.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/core/result.hpp"
#include "lowmeg/get/servicing.hpp"

namespace lowmeg::get {

/// The host's end of the connection to a paravisor that has been told the state.
class ParavisorLink {
 public:
  virtual ~ParavisorLink() = default;

  /// Hands the access over, serves what the paravisor asks for meanwhile, and gives what became of it. An
  /// error means that the connection has ended, and that all that had come by it has been carried out. Once
  /// it is handed over it is marked as a redo, for whoever gets it next. One thread at a time.
  virtual Result<Done> exchange(Access& access) = 0;
  /// Ends the connection: who is in exchange() comes back. Thread-safe.
  virtual void cut() = 0;
};

/// What happens at the seat.
enum class SeatNews {
  kTaken,
  kLeft,
  kWaitBegins,  ///< an access waits for a paravisor to come
  kWaits,       ///< it still does: some twenty times a second
  kWaitEnds,
};

/// Thread-safe; but one access at a time.
class ParavisorSeat {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    /// How long an access waits for a paravisor to come, before it fails.
    std::chrono::nanoseconds wait = std::chrono::seconds(30);
    /// Brings a paravisor to an empty seat, and is asked as often as one access may lose its paravisor; on
    /// the accessing thread, without the lock. Empty: they come by themselves.
    std::function<Result<std::shared_ptr<ParavisorLink>>()> summon = {};
    /// Hears of it, without the lock: of waits on the accessing thread, of the rest on that of whoever calls.
    std::function<void(SeatNews)> news = [](SeatNews) {};
  };

  /// Borrows the sink, which hears when a paravisor goes and when an access waits.
  ParavisorSeat(Options options, EventSink& events) : options_(std::move(options)), events_(events) {}

  /// Blocks until the access is done, by whichever paravisor. kTimeout when none came in time; any other
  /// error is the paravisor's own, or close()'s: the machine should stop.
  Result<Done> access(Access access);

  /// The successor's connection; a predecessor must have left.
  void take(std::shared_ptr<ParavisorLink> link);
  /// Leaves the seat empty, if it is this one's.
  void leave(const std::shared_ptr<ParavisorLink>& link);
  /// Who sits there; null: nobody.
  std::shared_ptr<ParavisorLink> taken_by() const;
  /// Until no access is in hand. A paravisor that was cut has then been drained.
  void wait_until_idle();

  /// No access waits longer than this.
  void set_deadline(Clock::time_point deadline);
  /// From now on every access fails with this, also one that is in hand.
  void close(Error why);
  /// How many paravisors have sat here.
  std::uint64_t takings() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  Result<std::shared_ptr<ParavisorLink>> await_paravisor(Lock& lock, unsigned attempt);
  Result<std::shared_ptr<ParavisorLink>> summoned(Lock& lock, unsigned attempt);
  void wait_for_arrival(Lock& lock);
  void say(Severity severity, std::string text);

  const Options options_;
  EventSink& events_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::shared_ptr<ParavisorLink> link_;
  bool in_hand_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::optional<Error> closed_;
  std::uint64_t takings_ = 0;
};

}  // namespace lowmeg::get
