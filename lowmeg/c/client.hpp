// The GET client and the adjuster on top of it, as objects of the C interface.
#pragma once

#include "lowmeg/c/channel.hpp"
#include "lowmeg/c/event_callback.hpp"
#include "lowmeg/get/client_session.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"

namespace lowmeg::c {

class Adjuster;

class Client final : public Object {
 public:
  using Handle = lowmeg_client;
  static constexpr Kind kKind = Kind::kClient;

  Client(const lowmeg_client_config& config, Channel* channel);

  get::ClientSession& session() { return session_; }
  /// With a channel: sends and receives until nothing is awaited.
  Result<void> drive();
  /// Whether the answers to what it asked have not all come; the version is asked, too.
  bool is_waiting() const {
    const auto state = session_.state();
    return state == get::ClientSession::State::kOpening || state == get::ClientSession::State::kAsking;
  }
  /// Who asks; null for nobody.
  void set_adjuster(Adjuster* adjuster) { adjuster_ = adjuster; }
  Adjuster* adjuster() { return adjuster_; }
  /// A message of the host's.
  Result<void> take(get::Bytes message);
  /// The message that next() of C has not been able to hand over yet.
  std::optional<get::Message>& pending() { return pending_; }

 private:
  Result<void> send_all();
  void give_up(const Error& why);

  EventCallback events_;
  get::ClientSession session_;
  std::optional<get::Message> pending_;
  Channel* channel_;
  Use use_;
  std::chrono::milliseconds timeout_;
  Adjuster* adjuster_ = nullptr;
};

class Adjuster final : public Object, public AdjustGpaRanges {
 public:
  using Handle = lowmeg_adjuster;
  static constexpr Kind kKind = Kind::kAdjuster;

  Adjuster(const lowmeg_adjuster_config& config, Client& client, Gpa rom_bios_offset);
  ~Adjuster() override { client_.set_adjuster(nullptr); }

  /// Without a channel: what is asked waits in the client.
  Result<void> adjust(std::span<const GpaStateChange> changes) override;
  /// The client is idle again, or given up: takes the answers up and asks what they call for.
  void take_answers();

  bool is_waiting() { return client_.session().state() == get::ClientSession::State::kAsking; }
  hyperv::SharedAdjuster& shared() { return shared_; }
  Client& client() { return client_; }

 private:
  EventCallback events_;
  Client& client_;
  Use use_;
  hyperv::SharedAdjuster shared_;
};

}  // namespace lowmeg::c
