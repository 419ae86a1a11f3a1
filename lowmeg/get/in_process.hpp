// GET between a client and a host of one process: the same bytes, carried by a call.
#pragma once

#include <deque>
#include <vector>

#include "lowmeg/get/host_session.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// The host does its work inside send(), on the client's thread; receive() finds the answer waiting. Waiting
/// for one that nobody sent is kTimeout at once.
class InProcessTransport final : public Transport {
 public:
  /// Borrows the host.
  explicit InProcessTransport(Host& host, Batches batches = Batches::kOffered) : session_(host, batches) {}

  Result<void> send(std::span<const std::uint8_t> message, Deadline deadline) override;
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) override;
  void close() override;

 private:
  HostSession session_;
  std::deque<Message> answers_;
  bool closed_ = false;
};

}  // namespace lowmeg::get
