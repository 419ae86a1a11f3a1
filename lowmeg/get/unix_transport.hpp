// GET over an AF_UNIX SEQPACKET socket, the client's end.
#pragma once

#include "lowmeg/get/packet_socket.hpp"

namespace lowmeg::get {

class UnixTransport final : public Transport {
 public:
  explicit UnixTransport(PacketSocket socket) : socket_(std::move(socket)) {}

  Result<void> send(std::span<const std::uint8_t> message, Deadline deadline) override {
    if (closed_) return closed();
    return socket_.send(message, deadline);
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) override {
    if (closed_) return closed();
    return socket_.receive(buffer, deadline);
  }
  void close() override {
    socket_.shut_down();
    closed_ = true;  // what still lies in the queue is not given any more
  }

 private:
  static tl::unexpected<Error> closed() { return fail(Errc::kClosed, "the GET connection is closed"); }

  PacketSocket socket_;
  bool closed_ = false;
};

}  // namespace lowmeg::get
