#include "lowmeg/get/client_session.hpp"

#include <algorithm>

namespace lowmeg::get {
ClientSession::ClientSession(EventSink& events, Batching batching) : events_(events), batching_(batching) {
  to_send_.push_back(encode(Request{VersionOffer{wire::kProtocolNickelRev2}}));
}

std::optional<Message> ClientSession::next() {
  if (to_send_.empty()) return std::nullopt;
  Message message = std::move(to_send_.front());
  to_send_.pop_front();
  return message;
}

ClientSession::State ClientSession::state() const {
  if (given_up_) return State::kGivenUp;
  if (!version_agreed_) return State::kOpening;
  return asked_.empty() ? State::kIdle : State::kAsking;
}

void ClientSession::give_up(const Error& why) {
  if (!given_up_) given_up_ = why;
  to_send_.clear();
  asked_ = {};
  in_flight_ = 0;
}

Result<void> ClientSession::take(Bytes message) {
  if (given_up_) return fail(Errc::kClosed, "the GET connection was given up: " + given_up_->message());
  auto taken = take_in(message);
  if (!taken) give_up(taken.error());
  return taken;
}

void ClientSession::ask(std::span<RangeExchange> exchanges) {
  LOWMEG_INVARIANT(state() == State::kIdle, "nothing else is asked");
  asked_ = exchanges;
  send_next_group();
}

void ClientSession::send_next_group() {
  in_flight_ = std::min<std::size_t>(asked_.size(), max_batch_);
  if (in_flight_ > 1) to_send_.push_back(encode(Batch{static_cast<std::uint32_t>(in_flight_)}));
  for (const RangeExchange& exchange : asked_.first(in_flight_))
    to_send_.push_back(encode(as_request(exchange.request)));
}

Result<void> ClientSession::take_in(Bytes message) {
  const State now = state();
  if (now == State::kIdle && is_response(message)) {
    warn(stray_response_, "a response that nobody waits for was dropped");
    return {};
  }
  const auto awaited =
      now == State::kAsking ? id_of(as_request(asked_.front().request)) : wire::HostRequestId::kVersion;
  const Result<FromHost> decoded = decode_from_host(message, awaited);
  if (!decoded) return tl::unexpected(decoded.error());
  if (const auto* answer = std::get_if<Answer>(&*decoded)) return take_answer(*answer);
  take_notification(*decoded);
  return {};
}

Result<void> ClientSession::take_answer(const Answer& answer) {
  if (const auto* version = std::get_if<VersionAnswer>(&answer)) return take_version(*version);
  const auto* create = std::get_if<CreateAnswer>(&answer);
  asked_.front().status = create ? create->status : CreateStatus::kSuccess;
  asked_ = asked_.subspan(1);
  if (--in_flight_ == 0) send_next_group();
  return {};
}

Result<void> ClientSession::take_version(const VersionAnswer& answer) {
  version_agreed_ = answer.accepted;
  if (!version_agreed_) return fail(Errc::kNotSupported, "the GET host refuses protocol version 4.2");
  return {};
}

void ClientSession::take_notification(const FromHost& decoded) {
  const auto* offer = std::get_if<BatchOffer>(&decoded);
  if (!offer) {
    warn(unknown_notification_, "a notification from the host ignored");
  } else if (batching_ == Batching::kWhereOffered) {
    max_batch_ = std::max<std::uint32_t>(offer->max_requests, 1);
  }
}

void ClientSession::warn(EventLimit& limit, const char* text) {
  if (limit.admit()) events_.event({Severity::kInfo, "get", limit.told(text)});
}

}  // namespace lowmeg::get
