// The host's end of a paravisor's socket.
//
// The thread of the guest's access itself sends, receives and serves: a thread between them would make a
// round trip half as long again. While nobody accesses anything, an owner's thread reads what comes unasked.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "lowmeg/get/host_session.hpp"
#include "lowmeg/get/packet_socket.hpp"
#include "lowmeg/get/paravisor_seat.hpp"

namespace lowmeg::get {

/// Thread-safe.
class UnixLink final : public ParavisorLink {
 public:
  /// Whether the owner's thread may look at the socket.
  enum class Watch { kIdle, kInUse };

  /// `patience`: how long the paravisor may be silent over an access before it counts as dead. `watch` is
  /// called around each exchange.
  UnixLink(PacketSocket socket, Host& host, const SessionParts& parts, std::chrono::milliseconds patience,
           std::function<void(Watch)> watch);

  Result<Done> exchange(Access& access) override;
  void cut() override { socket_.shut_down(); }

  /// One message, as if it had just come.
  Result<void> serve(Bytes message);
  /// What the client has still to send: the rest of a batch.
  enum class Debt { kNothing, kSomething };
  /// All that has come, without waiting; an error when the connection is over, or the client takes no
  /// answers.
  Result<Debt> serve_pending();
  /// Whether it owes something, and nobody is about to receive it.
  bool owes();
  /// Ends the connection and carries out what had come by it.
  void drain();
  /// Asks the paravisor to save itself, serves it until it has, and says whether a state was kept.
  Result<bool> ask_to_save();

  bool peer_has_gone() const { return socket_.peer_has_gone(); }
  int fd() const { return socket_.fd(); }

 private:
  Result<void> send(const Message& message);
  Result<void> serve_next(Deadline deadline);
  Result<void> answer(Bytes message);
  template <typename Outcome, typename Take>
  Result<Outcome> serve_until(Take take);
  void drain_locked();

  PacketSocket socket_;
  const std::chrono::milliseconds patience_;
  const std::function<void(Watch)> watch_;

  std::mutex mutex_;  // guards the session, and receiving
  HostSession session_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace lowmeg::get
