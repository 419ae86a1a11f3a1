// Who is in the guest and who must not be: the protocol between the vCPUs' threads and those that stop them.
//
// A vCPU is *inside* while it runs guest code and while an exit is in hand that touched memory: such an exit
// is completed on the map under which it happened. It is *outside* while it serves a port access (which
// touches memory on one side at most), waits in enter(), or is itself the one that pauses. A pause holds
// while nobody is inside. After the design's rules for KVM; this class knows no KVM, so that its races can be
// tested anywhere.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "lowmeg/core/result.hpp"

namespace vmm {

/// How a vCPU is brought out of the guest. Called with the gate's lock held: do not call back.
class GuestExit {
 public:
  enum class Entry {
    kStay,
    kLeave,  ///< entering the guest completes the exit in hand and comes back at once
  };

  virtual ~GuestExit() = default;
  virtual void set_entry(Entry entry) = 0;
  /// Interrupts the vCPU's thread if it is in the guest now; else does nothing. Set kLeave first.
  virtual void interrupt() = 0;
};

/// Thread-safe. `vcpu` is an index into the exits given at construction.
class RunGate {
 public:
  enum class Order {
    kRun,
    kComplete,  ///< enter the guest only to complete the exit in hand
    kQuit,      ///< the thread ends
  };
  /// What is in hand when a vCPU leaves the guest.
  enum class InHand {
    kNothing,
    kPort,    ///< from now on it counts as outside
    kMemory,  ///< it stays inside until the exit is completed
  };

  /// Borrows the exits. `patience`: how long pause() and park() wait before they give up.
  RunGate(std::span<GuestExit* const> exits, std::chrono::milliseconds patience);

  /// For the vCPU's own thread, before each entry: blocks while somebody pauses or a stop is wanted.
  Order enter(unsigned vcpu);
  /// For the vCPU's own thread, after each return from the guest.
  void left(unsigned vcpu, InHand in_hand);

  /// Returns when nobody is inside, and keeps it so until resume(). One thread pauses at a time; the others
  /// wait, and count as outside if they are vCPUs. kTimeout names the vCPU that did not come.
  lowmeg::Result<void> pause();
  void resume();

  /// From now on each vCPU stops at an instruction boundary, in enter(), until go_on(). Does not wait.
  void request_stop();
  /// Waits for a stop to be requested: false when the deadline passed first.
  bool wait_for_stop(std::chrono::steady_clock::time_point deadline);
  /// After a request: returns when every vCPU has stopped. kTimeout when one does not.
  lowmeg::Result<void> park();
  bool parked() const;
  void go_on();

  /// Makes every enter() return kQuit, whoever pauses, and returns when each vCPU that has ever entered has
  /// got it. That has no limit: a handler of an exit that never ends holds it up for ever.
  void quit();

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    GuestExit* exit = nullptr;
    std::thread::id thread{};
    bool inside = false;
    bool in_hand = false;
    bool parked = false;
    bool gone = true;  // no thread yet, or no more
  };
  using Lock = std::unique_lock<std::mutex>;

  /// An order, or nothing yet: look again after `released_`.
  std::optional<Order> try_enter(Slot& slot);
  Order go_inside(Slot& slot, Order order);
  template <typename Wanted>
  bool kick_until(Lock& lock, Clock::time_point deadline, Wanted wanted);
  bool nobody_inside() const;
  bool all_parked() const;
  Slot* slot_of_this_thread();
  lowmeg::Error late(const char* what) const;

  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;          // guards all below
  std::condition_variable arrived_;   // somebody went outside, parked, quit or asked for a stop
  std::condition_variable released_;  // a pause or a stop is over
  std::vector<Slot> slots_;
  bool pausing_ = false;
  bool stop_wanted_ = false;
  bool quitting_ = false;
};

}  // namespace vmm
