// One client's connection to the Host, as a state machine over bytes: no I/O.
//
// After OpenVMM's guest_emulation_device: the first message must be VERSION, and a message that breaks the
// protocol ends the connection. Notifications from the guest are ignored, but for BATCH, which Lowmeg's own
// clients send once the host has offered to take batches: the requests that it announces are carried out
// together and answered together. A host that keeps a paravisor's state sends STATE after the version
// exchange, hands accesses over and takes what became of them.
#pragma once

#include <optional>
#include <vector>

#include "lowmeg/get/host.hpp"
#include "lowmeg/get/other_messages.hpp"
#include "lowmeg/get/state_keeper.hpp"

namespace lowmeg::get {

enum class Batches {
  kOffered,
  kNotOffered,  ///< strictly as the protocol has it: a BATCH is a notification that nobody knows
};

/// What a session works with beside the host. Borrowed.
struct SessionParts {
  Batches batches = Batches::kOffered;
  StateKeeper* keeper = nullptr;    ///< null: the client is no paravisor of split mode
  OtherMessages* others = nullptr;  ///< null: nobody answers what Lowmeg does not
};

/// Used by one thread at a time; borrows the host.
class HostSession {
 public:
  static constexpr std::uint32_t kMaxBatch = 64;

  explicit HostSession(Host& host, Batches batches = Batches::kOffered)
      : HostSession(host, SessionParts{.batches = batches}) {}
  HostSession(Host& host, const SessionParts& parts) : host_(&host), parts_(parts) {}

  /// Takes one message of the client's and gives what is to be sent for it, in order. An error means that the
  /// client broke the protocol: close the connection. The host is unharmed, and of a batch in hand nothing
  /// was done.
  Result<std::vector<Message>> handle(Bytes message);

  /// Whether the client owes something: its version, or the rest of a batch. One that does not come for long
  /// is not worth waiting for.
  bool expects_more() const { return !version_agreed_ || batch_size_ != 0; }
  /// The client may be handed accesses.
  bool version_agreed() const { return version_agreed_; }
  /// The message that hands an access over; none may be in hand.
  Message hand_over(const Access& access);
  /// What became of the access that was handed over, once; its state is kept already.
  std::optional<Done> take_done() { return std::exchange(done_, std::nullopt); }
  /// The message that asks the client to save itself and make room.
  Message ask_to_save(std::uint16_t timeout_hint_secs);
  /// How that went, once it is over: whether a state was kept.
  std::optional<bool> take_saved() { return std::exchange(saved_, std::nullopt); }

 private:
  Result<std::vector<Message>> dispatch(Bytes message);
  Result<std::vector<Message>> dispatch(const FromGuest& decoded, Bytes message);
  std::vector<Message> handle_version(const VersionOffer& offer);
  Result<std::vector<Message>> handle_range(const RangeRequest& request);
  Result<std::vector<Message>> handle_batch(const Batch& batch);
  Result<std::vector<Message>> handle_done(const Done& done);
  Result<std::vector<Message>> handle_keep(const Keep& keep);
  Result<std::vector<Message>> handle_save(const SavePart& part);
  std::vector<Message> handle_restore() const;
  Result<std::vector<Message>> handle_other(Bytes message, std::optional<std::uint16_t> request);

  Host* host_;
  SessionParts parts_;
  bool version_agreed_ = false;
  std::vector<RangeRequest> batch_;  // collected so far
  std::uint32_t batch_size_ = 0;     // 0: no batch in hand
  bool access_in_hand_ = false;
  std::optional<Done> done_;
  bool saving_ = false;
  std::vector<std::uint8_t> saved_so_far_;
  std::optional<bool> saved_;
};

}  // namespace lowmeg::get
