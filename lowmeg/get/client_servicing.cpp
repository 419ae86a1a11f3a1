#include <algorithm>
#include <utility>

#include "lowmeg/get/client.hpp"

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

// More than any host has for a paravisor.
constexpr std::size_t kMaxFetched = 1 << 20;
// Orders that wait: a state, an access, and a few notices.
constexpr std::size_t kMostOrders = 8;

}  // namespace

// Under the lock; an error that is no time-out of waiting ends the connection.
template <typename Exchange>
auto Client::guarded(Exchange exchange) {
  const std::lock_guard lock(mutex_);
  using Outcome = decltype(exchange());
  if (given_up_)
    return Outcome(fail(Errc::kClosed, "the GET connection was given up: " + given_up_->message()));
  Outcome outcome = exchange();
  if (!outcome) give_up(outcome.error());
  return outcome;
}

Result<void> Client::take_order(Order order) {
  if (std::holds_alternative<State>(order) && std::exchange(has_state_, true))
    return fail(Errc::kProtocol, "a second GET STATE");
  if (std::holds_alternative<Access>(order) && std::exchange(access_in_hand_, true))
    return fail(Errc::kProtocol, "GET ACCESS while another is in hand");
  if (orders_.size() == kMostOrders) return fail(Errc::kProtocol, "more GET orders than anyone can want");
  orders_.push_back(std::move(order));
  return {};
}

Result<Order> Client::await_order(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  while (orders_.empty()) {
    if (given_up_) return fail(Errc::kClosed, "the GET connection was given up: " + given_up_->message());
    if (auto received = receive_order(deadline); !received) {
      if (received.error().code != Errc::kTimeout) give_up(received.error());
      return tl::unexpected(received.error());
    }
  }
  Order order = std::move(orders_.front());
  orders_.pop_front();
  return order;
}

Result<void> Client::receive_order(Deadline deadline) {
  const Result<Bytes> message = receive(deadline);
  if (!message) return tl::unexpected(message.error());
  if (is_response(*message)) return fail(Errc::kProtocol, "a GET response that nobody waits for");
  const auto decoded = decode_from_host(*message, wire::HostRequestId::kVersion);
  if (!decoded) return tl::unexpected(decoded.error());
  return take_in(*decoded);
}

Result<void> Client::tell(const Message& message) {
  return send(message.bytes(), steady_clock::now() + options_.timeout);
}

Result<void> Client::report(const Done& done) {
  return guarded([&] {
    access_in_hand_ = false;
    return tell(encode(done));
  });
}

Result<void> Client::keep(const Keep& state) {
  return guarded([&] { return tell(encode(state)); });
}

Result<void> Client::report(const RestoreResult& result) {
  return guarded([&] { return tell(encode(result)); });
}

Result<void> Client::save_failed() {
  return guarded([&] { return tell(encode(SavePart{SaveRestoreStatus::kFailure, {}})); });
}

Result<void> Client::save(Bytes state) {
  const auto status = guarded([&]() -> Result<SaveRestoreStatus> {
    for (std::size_t at = 0; at < state.size(); at += kMaxState) {
      const Bytes part = state.subspan(at, std::min(kMaxState, state.size() - at));
      const bool is_last = at + part.size() == state.size();
      const SavePart message{is_last ? SaveRestoreStatus::kSuccess : SaveRestoreStatus::kMoreData,
                             {part.begin(), part.end()}};
      if (auto told = tell(encode(message)); !told) return tl::unexpected(told.error());
    }
    const auto answer =
        await_answer(wire::HostRequestId::kSaveGuestVtl2State, steady_clock::now() + options_.timeout);
    if (!answer) return tl::unexpected(answer.error());
    return std::get<SaveAnswer>(*answer).status;
  });
  if (!status) return tl::unexpected(status.error());
  if (*status == SaveRestoreStatus::kSuccess) return {};
  return fail(Errc::kSystem, "the GET host did not take the saved state");
}

Result<std::optional<std::vector<std::uint8_t>>> Client::fetch_state() {
  using Fetched = std::optional<std::vector<std::uint8_t>>;
  return guarded([&]() -> Result<Fetched> {
    if (auto told = tell(encode(RestoreRequest{})); !told) return tl::unexpected(told.error());
    std::vector<std::uint8_t> state;
    for (;;) {
      const auto answer =
          await_answer(wire::HostRequestId::kRestoreGuestVtl2State, steady_clock::now() + options_.timeout);
      if (!answer) return tl::unexpected(answer.error());
      const auto& [status, bytes] = std::get<RestorePart>(*answer);
      if (status == SaveRestoreStatus::kFailure) return Fetched{};
      state.insert(state.end(), bytes.begin(), bytes.end());
      if (status == SaveRestoreStatus::kSuccess) return Fetched{std::move(state)};
      if (state.size() > kMaxFetched) return fail(Errc::kProtocol, "a GET restore without end");
    }
  });
}

}  // namespace lowmeg::get
