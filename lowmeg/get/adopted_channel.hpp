// Transports over a descriptor that somebody else has opened, and over AF_VSOCK.
//
// One read gives one message and one write sends one: VMBus user channels and SEQPACKET sockets are like that
// (Linux, drivers/hv and vsock(7)). A stream is refused, as GET has no length field.
#pragma once

#include <memory>

#include "lowmeg/get/packet_socket.hpp"

namespace lowmeg::get {

/// Takes `fd` over and makes it non-blocking. kInvalidArgument for a socket of another type, kSystem for what
/// is no open descriptor; on an error it stays the caller's.
Result<std::unique_ptr<Transport>> adopt(int fd);

/// Connects to port `port` of the machine with this context id, by the deadline.
Result<std::unique_ptr<Transport>> connect_vsock(std::uint32_t cid, std::uint32_t port, Deadline deadline);

}  // namespace lowmeg::get
