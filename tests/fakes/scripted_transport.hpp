// A Transport whose peer is a script: what receive() gives, in order.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "lowmeg/get/transport.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::fakes {

/// The script and what came of it; outlives the transport, which a Client owns.
struct Script {
  std::deque<std::variant<std::string, Error>> answers;  ///< messages in hex, or the error of a receive
  std::deque<std::string> pending;                       ///< what has arrived before anything was asked
  std::string pending_forever;                           ///< after those: this one without end
  std::string forever;                                   ///< after them: this message without end
  std::vector<std::string> sent;
  unsigned closed = 0;
  bool send_fails = false;
};

class ScriptedTransport final : public get::Transport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}

  Result<void> send(std::span<const std::uint8_t> message, get::Deadline /*deadline*/) override {
    if (script_.send_fails) return fail(Errc::kClosed, "nobody listens");
    script_.sent.push_back(hex(message));
    return {};
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline deadline) override {
    if (deadline == get::Deadline::min()) return give_pending(buffer);
    if (script_.answers.empty() && script_.forever.empty()) return fail(Errc::kTimeout, "the host is silent");
    if (script_.answers.empty()) return give(script_.forever, buffer);
    const auto answer = script_.answers.front();
    script_.answers.pop_front();
    if (const auto* error = std::get_if<Error>(&answer)) return tl::unexpected(*error);
    return give(std::get<std::string>(answer), buffer);
  }
  void close() override { ++script_.closed; }

 private:
  Result<std::size_t> give_pending(std::span<std::uint8_t> buffer) {
    if (script_.pending.empty() && !script_.pending_forever.empty())
      return give(script_.pending_forever, buffer);
    if (script_.pending.empty()) return fail(Errc::kTimeout, "nothing has arrived");
    const std::string message = script_.pending.front();
    script_.pending.pop_front();
    return give(message, buffer);
  }
  static std::size_t give(const std::string& message, std::span<std::uint8_t> buffer) {
    const std::vector<std::uint8_t> bytes = unhex(message);
    std::ranges::copy(bytes, buffer.begin());
    return bytes.size();
  }
  Script& script_;
};

}  // namespace lowmeg::fakes
