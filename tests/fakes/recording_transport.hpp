// A Transport that notes every message the guest sends, and can be cut.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lowmeg/get/transport.hpp"
#include "tests/fakes/hex.hpp"

namespace lowmeg::fakes {

/// What crossed, shared with the test, which the transport's owner outlives or not.
struct Wire {
  std::vector<std::string> sent;  ///< each message in hex
  int cut_after = -1;             ///< so many more messages are answered, then the peer is gone; -1: never
};

class RecordingTransport final : public get::Transport {
 public:
  RecordingTransport(std::unique_ptr<get::Transport> inner, Wire& wire)
      : inner_(std::move(inner)), wire_(wire) {}

  Result<void> send(std::span<const std::uint8_t> message, get::Deadline deadline) override {
    if (wire_.cut_after == 0) return fail(Errc::kClosed, "the GET host is gone");
    if (wire_.cut_after > 0) --wire_.cut_after;
    wire_.sent.push_back(hex(message));
    return inner_->send(message, deadline);
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline deadline) override {
    return inner_->receive(buffer, deadline);
  }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<get::Transport> inner_;
  Wire& wire_;
};

}  // namespace lowmeg::fakes
