// One client's connection to the Host, as a state machine over bytes: no I/O.
//
// After OpenVMM's guest_emulation_device: the first message must be VERSION, and a message that breaks the
// protocol ends the connection. Notifications from the guest are ignored.
#pragma once

#include <optional>

#include "lowmeg/get/host.hpp"

namespace lowmeg::get {

/// Used by one thread at a time; borrows the host.
class HostSession {
 public:
  explicit HostSession(Host& host) : host_(host) {}

  /// Takes one message of the client's and gives the answer, or none if none is due. An error means that the
  /// client broke the protocol: close the connection. The host is unharmed.
  Result<std::optional<Message>> handle(Bytes message);

 private:
  Answer answer(const Request& request);

  Host& host_;
  bool version_agreed_ = false;
};

}  // namespace lowmeg::get
