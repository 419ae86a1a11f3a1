#include "lowmeg/get/unix_link.hpp"

#include <algorithm>

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

constexpr std::uint16_t kSaveHintSeconds = 5;

}  // namespace

UnixLink::UnixLink(PacketSocket socket, Host& host, const SessionParts& parts,
                   std::chrono::milliseconds patience, std::function<void(Watch)> watch)
    : socket_(std::move(socket)),
      patience_(patience),
      watch_(std::move(watch)),
      session_(host, parts),
      buffer_(wire::kMaxMessageSize) {}

Result<Done> UnixLink::exchange(Access& access) {
  const std::lock_guard lock(mutex_);
  watch_(Watch::kInUse);
  auto done = send(session_.hand_over(access)).and_then([&] {
    access.redo = true;
    return serve_until<Done>([this] { return session_.take_done(); });
  });
  if (!done) {
    // It may have answered in the very moment in which it was given up, or died.
    drain_locked();
    if (auto late = session_.take_done()) done = std::move(*late);
  }
  watch_(Watch::kIdle);
  return done;
}

Result<bool> UnixLink::ask_to_save() {
  const std::lock_guard lock(mutex_);
  watch_(Watch::kInUse);
  auto saved = send(session_.ask_to_save(kSaveHintSeconds)).and_then([this] {
    return serve_until<bool>([this] { return session_.take_saved(); });
  });
  watch_(Watch::kIdle);
  return saved;
}

template <typename Outcome, typename Take>
Result<Outcome> UnixLink::serve_until(Take take) {
  for (;;) {
    if (std::optional<Outcome> outcome = take()) return std::move(*outcome);
    if (auto served = serve_next(steady_clock::now() + patience_); !served)
      return tl::unexpected(served.error());
  }
}

Result<void> UnixLink::serve_next(Deadline deadline) {
  const auto size = socket_.receive(buffer_, deadline);
  return size ? answer(Bytes(buffer_).first(*size)) : tl::unexpected(size.error());
}

Result<void> UnixLink::answer(Bytes message) {
  const auto answers = session_.handle(message);
  if (!answers) return tl::unexpected(answers.error());
  for (const Message& each : *answers) {
    if (auto sent = send(each); !sent) return sent;
  }
  return {};
}

Result<void> UnixLink::serve(Bytes message) {
  const std::lock_guard lock(mutex_);
  if (auto answered = answer(message); !answered) return answered;
  if (session_.version_agreed()) return {};
  return fail(Errc::kNotSupported, "a client that does not speak protocol version 4.2");
}

Result<UnixLink::Debt> UnixLink::serve_pending() {
  const std::lock_guard lock(mutex_);
  for (;;) {
    const auto size = socket_.receive(buffer_, Deadline::min());
    if (!size && size.error().code == Errc::kTimeout)
      return session_.expects_more() ? Debt::kSomething : Debt::kNothing;
    if (!size) return tl::unexpected(size.error());
    if (auto answered = answer(Bytes(buffer_).first(*size)); !answered)
      return tl::unexpected(answered.error());
  }
}

bool UnixLink::owes() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  return lock.owns_lock() && session_.expects_more();
}

void UnixLink::drain() {
  const std::lock_guard lock(mutex_);
  drain_locked();
}

// What cannot be answered any more is carried out all the same; a breach of the protocol ends it.
void UnixLink::drain_locked() {
  socket_.shut_down();
  for (;;) {
    const auto size = socket_.receive(buffer_, Deadline::min());
    if (!size || !session_.handle(Bytes(buffer_).first(*size))) return;
  }
}

Result<void> UnixLink::send(const Message& message) {
  return socket_.send(message.bytes(), steady_clock::now() + patience_);
}

}  // namespace lowmeg::get
