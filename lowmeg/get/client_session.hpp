// The guest side of GET for who does the I/O himself: bytes in, bytes out, no waiting.
//
// The rules are Client's: version 4.2 alone, one request or batch in flight, an answer that is not due ends
// the connection, what nobody waits for is dropped. Left out: deadlines, which are the caller's, and split
// mode's orders.
#pragma once

#include <deque>
#include <optional>

#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/core/invariant.hpp"
#include "lowmeg/get/client.hpp"

namespace lowmeg::get {

/// No threads and no locks.
class ClientSession {
 public:
  enum class State {
    kOpening,  ///< the answer to VERSION has not come
    kIdle,
    kAsking,
    kGivenUp,
  };

  /// The VERSION request is the first of what next() gives. Borrows the sink.
  explicit ClientSession(EventSink& events, Batching batching = Batching::kWhereOffered);

  /// The next message to send; none when nothing is to be sent before something has come.
  std::optional<Message> next();
  /// One message of the host's. An error ends the connection, for this and every later call; what is in hand
  /// has the statuses that came before it. kNotSupported when the host refuses the version.
  Result<void> take(Bytes message);
  /// Asks the host these in their order and fills in the statuses. Borrowed until the state is another than
  /// kAsking. Only when kIdle (else the program is wrong); none at all is nothing to do.
  void ask(std::span<RangeExchange> exchanges);
  /// Ends the connection: a deadline has passed, or the peer has gone.
  void give_up(const Error& why);

  State state() const;
  /// Why the connection was given up.
  const std::optional<Error>& given_up() const { return given_up_; }

 private:
  Result<void> take_in(Bytes message);
  Result<void> take_answer(const Answer& answer);
  Result<void> take_version(const VersionAnswer& answer);
  void take_notification(const FromHost& decoded);
  void send_next_group();
  void warn(EventLimit& limit, const char* text);

  EventSink& events_;
  const Batching batching_;
  bool version_agreed_ = false;
  std::uint32_t max_batch_ = 1;
  std::optional<Error> given_up_;
  std::deque<Message> to_send_;
  std::span<RangeExchange> asked_;  // not answered yet
  std::size_t in_flight_ = 0;       // of them
  EventLimit stray_response_{8};
  EventLimit unknown_notification_{8};
};

}  // namespace lowmeg::get
