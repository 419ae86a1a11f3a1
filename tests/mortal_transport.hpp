// A paravisor that dies at a named point of an access: a transport that watches what crosses and, at the
// point, ends it all. The accesses that are redone it survives, so that each change meets one death.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string_view>

#include "lowmeg/get/codec.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg {

/// In the order in which an access passes them.
enum class CrashPoint {
  kAccessTaken,  ///< nothing has been asked
  kAnnounced,    ///< the batch is announced, none of its requests is sent
  kBeforeLast,   ///< all but the batch's last request are sent, or the only one is not
  kCommitted,    ///< the host has carried out; its answers are not read
  kAnswered,     ///< they are read, DONE is not sent
  kDone,         ///< DONE is queued
};
inline constexpr std::array<std::pair<CrashPoint, std::string_view>, 6> kCrashPoints{{
    {CrashPoint::kAccessTaken, "access-taken"},
    {CrashPoint::kAnnounced, "announced"},
    {CrashPoint::kBeforeLast, "before-last"},
    {CrashPoint::kCommitted, "committed"},
    {CrashPoint::kAnswered, "answered"},
    {CrashPoint::kDone, "done"},
}};

class MortalTransport final : public get::Transport {
 public:
  /// `die` may return: then the connection is closed as the kernel closes that of a killed process.
  MortalTransport(std::unique_ptr<get::Transport> inner, CrashPoint point, std::function<void()> die)
      : inner_(std::move(inner)), point_(point), die_(std::move(die)) {}

  Result<void> send(std::span<const std::uint8_t> message, get::Deadline deadline) override {
    const auto decoded = get::decode_from_guest(message);
    const bool is_request = decoded && std::holds_alternative<get::Request>(*decoded) &&
                            !std::holds_alternative<get::VersionOffer>(std::get<get::Request>(*decoded));
    const bool is_done = decoded && std::holds_alternative<get::Done>(*decoded);
    if (is_request) changes_ = true;
    if (is_request && left_in_batch_ <= 1 && reached(CrashPoint::kBeforeLast)) return dead();
    if (is_done && changes_ && reached(CrashPoint::kAnswered)) return dead();
    auto sent = inner_->send(message, deadline);
    if (const auto* batch = decoded ? std::get_if<get::Batch>(&*decoded) : nullptr) {
      left_in_batch_ = batch->requests;
      if (reached(CrashPoint::kAnnounced)) return dead();
    } else if (is_request) {
      if (left_in_batch_ != 0) --left_in_batch_;
      if (left_in_batch_ == 0 && reached(CrashPoint::kCommitted)) return dead();
    } else if (is_done && changes_ && reached(CrashPoint::kDone)) {
      return dead();
    }
    return sent;
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline deadline) override {
    auto size = inner_->receive(buffer, deadline);
    if (!size) return size;
    const auto decoded =
        get::decode_from_host(get::Bytes(buffer).first(*size), get::wire::HostRequestId::kVersion);
    const auto* access = decoded ? std::get_if<get::Access>(&*decoded) : nullptr;
    if (!access) return size;
    is_mortal_ = !access->redo;
    changes_ = false;
    const bool may_change = access->kind >= get::AccessKind::kPowerOn ||
                            (access->kind == get::AccessKind::kWrite && access->function == 0 &&
                             (access->offset == 0x58 || access->offset == 0x5c));
    if (may_change && reached(CrashPoint::kAccessTaken)) return dead();
    return size;
  }
  void close() override { inner_->close(); }

 private:
  bool reached(CrashPoint point) const { return point == point_ && is_mortal_; }
  tl::unexpected<Error> dead() {
    die_();
    inner_->close();
    return fail(Errc::kClosed, "died on purpose");
  }

  std::unique_ptr<get::Transport> inner_;
  const CrashPoint point_;
  const std::function<void()> die_;
  bool is_mortal_ = false;
  bool changes_ = false;  // the access in hand has asked for a range
  std::uint32_t left_in_batch_ = 0;
};

}  // namespace lowmeg
