// A paravisor's part of a machine over a real socket, and a host that follows a script; and what a host says
// to the two writes of PAM0 that the tests make: 10h (F0000 write-protected: a create), then 00h (a reset and
// a create).
#pragma once

#include <fmt/format.h>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/host_session.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "tests/fakes/locked_event_sink.hpp"
#include "tests/fakes/scripted_host.hpp"

namespace lowmeg {

using fakes::ScriptedHost;
using fakes::Turn;
using get::Batches;
using std::chrono::milliseconds;

inline constexpr milliseconds kLong{20'000};  // far more than anything here takes
inline const std::string kAccepted = "01 03 01 00 01 00";
inline const std::string kOffer = "01 04 4c ff 40 00 00 00";
inline const std::string kCreated = "01 03 1c 00 00 00 00 00";
inline const std::string kWasReset = "01 03 1d 00";
inline constexpr std::uint8_t kProtected = 0x10, kMmio = 0x00;

inline std::string create_answer(std::uint32_t status) {
  return fmt::format("01 03 1c 00 {:02x} {:02x} {:02x} {:02x}", status & 0xff, status >> 8 & 0xff,
                     status >> 16 & 0xff, status >> 24);
}

inline Turn version_turn(Batches batches) {
  return batches == Batches::kOffered ? Turn{1, {kAccepted, kOffer}} : Turn{1, {kAccepted}};
}
/// Takes a reset and a create of one write.
inline std::vector<Turn> replace_turns(Batches batches, const std::string& created) {
  if (batches == Batches::kOffered) return {{3, {kWasReset, created}}};
  return {{1, {kWasReset}}, {1, {created}}};
}

/// All that a host says to the two writes when nothing goes wrong.
inline std::vector<Turn> whole_conversation(Batches batches) {
  std::vector<Turn> turns{version_turn(batches), {1, {kCreated}}};
  for (Turn& turn : replace_turns(batches, kCreated)) turns.push_back(std::move(turn));
  return turns;
}

/// How many requests for ranges these turns answer.
inline unsigned ranges_answered(const std::vector<Turn>& turns) {
  unsigned count = 0;
  for (std::size_t i = 1; i < turns.size(); ++i) count += static_cast<unsigned>(turns[i].answers.size());
  return count;
}

/// A paravisor's part of a machine, and the host that it talks to.
struct FailingMachine {
  FailingMachine(std::vector<Turn> turns, ScriptedHost::Then then, milliseconds timeout = kLong)
      : options{.timeout = timeout} {
    auto sockets = get::PacketSocket::pair().value();
    near = std::make_unique<get::UnixTransport>(std::move(sockets.first));
    host = std::make_unique<ScriptedHost>(std::move(sockets.second), std::move(turns), then);
  }
  /// Returns once what the host says unasked has arrived.
  Result<void> connect() {
    auto connected = get::Client::connect(std::move(near), events, options);
    if (!connected) return tl::unexpected(connected.error());
    client = std::move(*connected);
    host->wait_for_turns(1);
    adjuster =
        std::make_unique<hyperv::SharedAdjuster>(hyperv::GetBackedAdjuster(*client, 0, 0x3f00000, events));
    bridge = std::make_unique<bridge::HypervBridge>(bridge::kI440fx, *adjuster, events);
    return {};
  }
  Result<void> write_pam0(std::uint8_t value) {
    return bridge->write(0x58, std::uint32_t{value} << 8, bridge::ByteEnables::of(1, 1));
  }
  std::uint8_t pam0() const { return static_cast<std::uint8_t>(bridge->registers().pam_reg1 >> 8); }
  /// What F0000 shows by the adjuster's state: the offset, or none.
  std::optional<Gpa> f0000_from() const {
    const auto handle = adjuster->state().handles[0];
    return handle ? std::optional(handle->meta.gpa_offset) : std::nullopt;
  }
  /// The client goes, and the host tells what it has received.
  std::vector<std::string> received() {
    near.reset();
    client.reset();
    return host->received();
  }

  const get::ClientOptions options;
  fakes::LockedEventSink events;
  std::unique_ptr<get::UnixTransport> near;
  std::unique_ptr<ScriptedHost> host;
  std::unique_ptr<get::Client> client;
  std::unique_ptr<hyperv::SharedAdjuster> adjuster;
  std::unique_ptr<bridge::HypervBridge> bridge;
};

}  // namespace lowmeg
