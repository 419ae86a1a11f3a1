// The guest side of GET: asks the host to create and reset RAM GPA ranges.
//
// After OpenHCL's guest_emulation_transport: version 4.2 is offered first and nothing else; one request is in
// flight at a time; a response must match the request in flight in header, id and size, else the connection
// is given up; notifications that nobody asked for are logged and ignored. Unlike it every exchange has a
// deadline: an answer carries no sequence number, so after a deadline the connection is closed for good.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/get/codec.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// What went over the connection so far; the version exchange is not counted among the requests.
struct ClientCounters {
  std::uint64_t creates = 0;
  std::uint64_t resets = 0;
  std::uint64_t refused_creates = 0;  ///< of creates, those with a status other than SUCCESS
  std::uint64_t round_trips = 0;
  std::uint64_t nanoseconds = 0;  ///< spent sending and waiting

  std::uint64_t requests() const { return creates + resets; }
};

/// A request and, once the host has answered, its status (a reset always succeeds).
struct RangeExchange {
  RangeRequest request;
  std::optional<CreateStatus> status;
};

/// Thread-safe: a call holds the client's lock from sending to the answer, on the caller's thread.
class Client {
 public:
  static constexpr std::chrono::milliseconds kDefaultTimeout{5000};

  /// Takes the transport and exchanges versions: kNotSupported when the host refuses 4.2. The sink is
  /// borrowed.
  static Result<std::unique_ptr<Client>> connect(std::unique_ptr<Transport> transport, EventSink& events,
                                                 std::chrono::milliseconds timeout = kDefaultTimeout);

  /// Sends the requests in order, strictly one by one, and fills in their statuses. An error ends the
  /// connection; the exchanges answered before it have their status, the others none.
  Result<void> perform(std::span<RangeExchange> exchanges);

  ClientCounters counters() const;

 private:
  Client(std::unique_ptr<Transport> transport, EventSink& events, std::chrono::milliseconds timeout);
  Result<void> exchange_version();
  Result<Answer> exchange(const Request& request);
  Result<Answer> await_answer(wire::HostRequestId id, Deadline deadline);
  void count(const RangeExchange& exchange);

  std::unique_ptr<Transport> transport_;
  EventSink& events_;
  std::chrono::milliseconds timeout_;

  mutable std::mutex mutex_;  // guards all below, and the transport
  ClientCounters counters_;
  std::optional<Error> given_up_;  // why, once the connection is closed
  EventLimit unknown_notification_{8};
  std::vector<std::uint8_t> buffer_;
};

}  // namespace lowmeg::get
