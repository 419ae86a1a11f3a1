// Where a running machine is looked at from outside: a socket that gives whoever comes one text.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/get/unix_listener.hpp"

namespace vmm {

/// One thread.
class InspectionDesk {
 public:
  /// Listens at `path` (AF_UNIX, SEQPACKET, mode 0600). Borrows the sink.
  static lowmeg::Result<InspectionDesk> open(const std::string& path, lowmeg::EventSink& events);

  /// Gives each who has come what `look` tells, and hangs up. Does not wait: who has no room is left without.
  /// Looks for comers some 50 times a second at most, however often it is called.
  void attend(const std::function<std::string()>& look);

 private:
  InspectionDesk(lowmeg::get::UnixListener listener, lowmeg::EventSink& events)
      : listener_(std::move(listener)), events_(&events) {}

  lowmeg::get::UnixListener listener_;
  lowmeg::EventSink* events_;
  std::chrono::steady_clock::time_point next_{};
};

/// What the machine at `path` tells; kTimeout when it does not answer for five seconds.
lowmeg::Result<std::string> inspect(const std::string& path);

}  // namespace vmm
