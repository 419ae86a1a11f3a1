// GET between a client and a host of one process: the same bytes, carried by a call.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "lowmeg/get/host_session.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// The two ends' common part: what the host has said and the client has not heard yet.
struct InProcessConnection {
  InProcessConnection(Host& host, const SessionParts& parts) : session(host, parts) {}

  HostSession session;
  std::deque<Message> to_client;
  bool closed = false;
};

/// The client's end. The host does its work inside send(), on the client's thread; receive() finds the answer
/// waiting. Waiting for one that nobody sent is kTimeout at once.
class InProcessTransport final : public Transport {
 public:
  /// Borrows the host.
  explicit InProcessTransport(Host& host, Batches batches = Batches::kOffered)
      : InProcessTransport(std::make_shared<InProcessConnection>(host, SessionParts{.batches = batches})) {}
  /// The host's end keeps the connection, too.
  explicit InProcessTransport(std::shared_ptr<InProcessConnection> connection)
      : connection_(std::move(connection)) {}
  ~InProcessTransport() override { InProcessTransport::close(); }

  Result<void> send(std::span<const std::uint8_t> message, Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) override;
  void close() override;

 private:
  std::shared_ptr<InProcessConnection> connection_;
};

}  // namespace lowmeg::get
