// The guest side of GET: asks the host to create and reset RAM GPA ranges.
//
// After OpenHCL's guest_emulation_transport: version 4.2 is offered first and nothing else; one request is in
// flight at a time; a response must match the request in flight in header, id and size, else the connection
// is given up; a response that nobody waits for is dropped with a warning; notifications are logged and
// ignored. Unlike it every exchange has a deadline: an answer carries no sequence number, so after a deadline
// the connection is closed for good. A host that offers batches gets the requests of one call as one batch.
//
// A paravisor of split mode also takes the host's orders by it: STATE and ACCESS, and GET's own notice to
// save.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/get/counters.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// A request and, once the host has answered, its status (a reset always succeeds).
struct RangeExchange {
  RangeRequest request;
  std::optional<CreateStatus> status;
};

enum class Batching {
  kWhereOffered,
  kNever,  ///< one request at a time, as OpenHCL
};

/// More than twice the patience of a host that pauses vCPUs: it may try two maps for one batch.
inline constexpr std::chrono::milliseconds kClientTimeout{12'000};

struct ClientOptions {
  std::chrono::milliseconds timeout = kClientTimeout;  ///< for each request, or batch
  Batching batching = Batching::kWhereOffered;
  bool take_over = false;  ///< ask for the seat of a paravisor that is still there
};

/// What a host tells a paravisor to do.
using Order = std::variant<State, Access, SaveNotice>;

/// Thread-safe: a call holds the client's lock from sending to the answer, on the caller's thread.
class Client {
 public:
  /// Takes the transport and exchanges versions: kNotSupported when the host refuses 4.2. The sink is
  /// borrowed.
  static Result<std::unique_ptr<Client>> connect(std::unique_ptr<Transport> transport, EventSink& events,
                                                 const ClientOptions& options = {});

  /// Sends the requests in order and fills in their statuses. An error ends the connection, for this and
  /// every later call; the exchanges answered before it have their status, the others none.
  Result<void> perform(std::span<RangeExchange> exchanges);

  /// The host's next order; kTimeout when none has come by the deadline, which ends nothing. An order out of
  /// turn (an ACCESS while one is in hand, a second STATE) ends the connection. Holds the lock meanwhile.
  Result<Order> await_order(Deadline deadline);
  /// What became of the access in hand.
  Result<void> report(const Done& done);
  /// A state that no access brought.
  Result<void> keep(const Keep& state);

  /// GET's own: hands the state over, after a SaveNotice, in as many parts as it takes. kSystem when the host
  /// has not taken it.
  Result<void> save(Bytes state);
  /// GET's own: a save that failed; the protocol has no answer to it.
  Result<void> save_failed();
  /// GET's own: asks for the state that the host has; none when it has none.
  Result<std::optional<std::vector<std::uint8_t>>> fetch_state();
  /// GET's own: how the restore went.
  Result<void> report(const RestoreResult& result);

  /// Gives the connection up; every later call gives kClosed.
  void close();

  Counters counters() const;

 private:
  Client(std::unique_ptr<Transport> transport, EventSink& events, const ClientOptions& options);
  Result<void> exchange_version();
  void await_offer();
  Result<void> perform_all(std::span<RangeExchange> exchanges);
  Result<void> perform_together(std::span<RangeExchange> exchanges);
  Result<Answer> exchange(const Request& request);
  Result<void> take_in_pending();
  Result<void> send(Bytes message, Deadline deadline);
  Result<Answer> await_answer(wire::HostRequestId id, Deadline deadline);
  Result<Bytes> receive(Deadline deadline);
  Result<void> take_in(const FromHost& notification);
  Result<void> take_order(Order order);
  Result<void> receive_order(Deadline deadline);
  Result<void> tell(const Message& message);
  template <typename Exchange>
  auto guarded(Exchange exchange);
  void conclude(RangeExchange& exchange, const Answer& answer);
  void give_up(const Error& error);

  std::unique_ptr<Transport> transport_;
  EventSink& events_;
  const ClientOptions options_;

  mutable std::mutex mutex_;  // guards all below, and the transport
  Counters counters_;
  std::optional<Error> given_up_;  // why, once the connection is closed
  std::uint32_t max_batch_ = 1;
  std::deque<Order> orders_;  // that have come and were not awaited yet
  bool has_state_ = false;
  bool access_in_hand_ = false;
  EventLimit unknown_notification_{8};
  EventLimit stray_response_{8};
  std::vector<std::uint8_t> buffer_;
};

}  // namespace lowmeg::get
