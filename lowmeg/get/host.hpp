// The host side of GET: carries RAM GPA ranges out on the VM's memory. No open host did before.
//
// A Host is as old as the VM: it keeps its ranges when a client goes, and over a guest reset (the client's
// handles survive both, and it skips what is in place). A HostSession is one client's connection: bytes in,
// bytes out.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/get/counters.hpp"
#include "lowmeg/get/range_slots.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::get {

/// Is told of what a host has done, with the host's lock held: do not call back into it.
class HostObserver {
 public:
  virtual ~HostObserver() = default;
  virtual void applied(std::span<const RangeRequest> requests, std::span<const CreateStatus> statuses,
                       const RangeSlots& slots) = 0;
};

/// Carries ranges out for who has no Mapper. Called with the host's lock held.
class RangeCarrier {
 public:
  virtual ~RangeCarrier() = default;
  /// From what is shown to what is wanted, all or nothing; an error is as one of the mapper's.
  virtual Result<void> carry_out(const RangeSlots& shown, const RangeSlots& wanted) = 0;
};

/// Thread-safe. Order of locks: the host's is taken before the map's.
class Host {
 public:
  /// Borrows mapper and sink and commits the base map: what the guest sees where no range lies.
  static Result<std::unique_ptr<Host>> create(memory::Mapper& mapper, memory::MemoryMap base,
                                              const HostLimits& limits, EventSink& events);

  /// Carries the requests out in order as one change of the map. `statuses` is as long; a reset's is SUCCESS.
  /// When the mapper fails, the creates get FAILED and the resets are committed alone; nothing else changes.
  /// When that fails too, the slots are empty all the same, as the answer has no means to say otherwise: the
  /// map is owed to them, and every later call tries to make it so first of all.
  void apply(std::span<const RangeRequest> requests, std::span<CreateStatus> statuses);

  /// Another base map from now on, in one commit, the ranges laid over it: a device of the VM was moved. On
  /// the mapper's error the base is as before.
  Result<void> change_base(memory::MemoryMap base);

  /// Borrows the observer; null for none.
  void observe(HostObserver* observer);
  /// Borrows the carrier, which is asked before each commit from now on; null for none.
  void carry_by(RangeCarrier* carrier);
  /// A session tells what it has received and sent.
  void count_bytes(std::uint64_t received, std::uint64_t sent);

  RangeSlots slots() const;
  Counters counters() const;

 private:
  Host(memory::Mapper& mapper, memory::MemoryMap base, const HostLimits& limits, EventSink& events);
  bool show(const RangeSlots& table);
  Result<void> commit(const RangeSlots& table);
  void carry_out(std::span<const RangeRequest> requests, std::span<CreateStatus> statuses);

  memory::Mapper& mapper_;
  EventSink& events_;

  mutable std::mutex mutex_;  // guards all below
  memory::MemoryMap base_;
  RangeSlots slots_;  // what the client has been told
  RangeSlots shown_;  // what the map shows; behind slots_ after resets that could not be committed
  Counters counters_;
  HostObserver* observer_ = nullptr;
  RangeCarrier* carrier_ = nullptr;
  EventLimit commit_failed_{8};
};

}  // namespace lowmeg::get
