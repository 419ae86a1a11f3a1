// One client's connection to the Host, as a state machine over bytes: no I/O.
//
// After OpenVMM's guest_emulation_device: the first message must be VERSION, and a message that breaks the
// protocol ends the connection. Notifications from the guest are ignored, but for BATCH, which Lowmeg's own
// clients send once the host has offered to take batches: the requests that it announces are carried out
// together and answered together.
#pragma once

#include <vector>

#include "lowmeg/get/host.hpp"

namespace lowmeg::get {

enum class Batches {
  kOffered,
  kNotOffered,  ///< strictly as the protocol has it: a BATCH is a notification that nobody knows
};

/// Used by one thread at a time; borrows the host.
class HostSession {
 public:
  static constexpr std::uint32_t kMaxBatch = 64;

  explicit HostSession(Host& host, Batches batches = Batches::kOffered) : host_(&host), batches_(batches) {}

  /// Takes one message of the client's and gives what is to be sent for it, in order. An error means that the
  /// client broke the protocol: close the connection. The host is unharmed, and of a batch in hand nothing
  /// was done.
  Result<std::vector<Message>> handle(Bytes message);

  /// Whether the client owes something: its version, or the rest of a batch. One that does not come for long
  /// is not worth waiting for.
  bool expects_more() const { return !version_agreed_ || batch_size_ != 0; }

 private:
  Result<std::vector<Message>> dispatch(Bytes message);
  std::vector<Message> handle_version(const VersionOffer& offer);
  Result<std::vector<Message>> handle_range(const RangeRequest& request);
  Result<std::vector<Message>> handle_batch(const Batch& batch);

  Host* host_;
  Batches batches_;
  bool version_agreed_ = false;
  std::vector<RangeRequest> batch_;  // collected so far
  std::uint32_t batch_size_ = 0;     // 0: no batch in hand
};

}  // namespace lowmeg::get
