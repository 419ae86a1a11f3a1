// What a paravisor says beside the requests for ranges: GET has requests for time, settings, disks and keys,
// which are a virtual machine monitor's to answer, not this library's.
#pragma once

#include <optional>
#include <vector>

#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {

/// An embedder's answers, bytes in and bytes out. Called on the thread that serves the client, without a lock
/// of the host's.
class OtherMessages {
 public:
  using Answers = std::vector<std::vector<std::uint8_t>>;

  virtual ~OtherMessages() = default;

  /// A whole message of the client's, header included, whose id is none that Lowmeg knows; after the version
  /// exchange. The whole messages to send for it, in order; none at all for what is unknown here too: then a
  /// request gets the refusal that the protocol has for it, or ends the connection, and a notification is
  /// ignored.
  virtual std::optional<Answers> handle(Bytes message) = 0;
};

/// The refusal that the protocol has for a request that nobody here knows, or nothing.
std::optional<Message> refusal_of(Bytes request);

}  // namespace lowmeg::get
