#include "lowmeg/get/client.hpp"

#include <fmt/format.h>

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

Request as_request(const RangeRequest& request) {
  return std::visit([](const auto& value) { return Request{value}; }, request);
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(std::unique_ptr<Transport> transport, EventSink& events,
                                                std::chrono::milliseconds timeout) {
  std::unique_ptr<Client> client(new Client(std::move(transport), events, timeout));
  if (auto agreed = client->exchange_version(); !agreed) return tl::unexpected(agreed.error());
  return client;
}

Client::Client(std::unique_ptr<Transport> transport, EventSink& events, std::chrono::milliseconds timeout)
    : transport_(std::move(transport)), events_(events), timeout_(timeout), buffer_(wire::kMaxMessageSize) {}

Result<void> Client::exchange_version() {
  const std::lock_guard lock(mutex_);
  const Result<Answer> answer = exchange(VersionOffer{wire::kProtocolNickelRev2});
  if (!answer) return tl::unexpected(answer.error());
  if (std::get<VersionAnswer>(*answer).accepted) return {};
  transport_->close();
  return fail(Errc::kNotSupported, "the GET host refuses protocol version 4.2");
}

Result<void> Client::perform(std::span<RangeExchange> exchanges) {
  const std::lock_guard lock(mutex_);
  for (RangeExchange& exchange_in_hand : exchanges) {
    const Result<Answer> answer = exchange(as_request(exchange_in_hand.request));
    if (!answer) return tl::unexpected(answer.error());
    const auto* create = std::get_if<CreateAnswer>(&*answer);
    exchange_in_hand.status = create ? create->status : CreateStatus::kSuccess;
    count(exchange_in_hand);
  }
  return {};
}

ClientCounters Client::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

Result<Answer> Client::exchange(const Request& request) {
  if (given_up_) return fail(Errc::kClosed, "the GET connection was given up: " + given_up_->message());
  const auto start = steady_clock::now();
  const Deadline deadline = start + timeout_;
  const auto sent = transport_->send(encode(request).bytes(), deadline);
  Result<Answer> answer = sent ? await_answer(id_of(request), deadline) : tl::unexpected(sent.error());
  if (!answer) {
    given_up_ = answer.error();
    transport_->close();
  }
  ++counters_.round_trips;
  counters_.nanoseconds += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now() - start).count());
  return answer;
}

Result<Answer> Client::await_answer(wire::HostRequestId id, Deadline deadline) {
  for (;;) {
    const auto size = transport_->receive(buffer_, deadline);
    if (!size) return tl::unexpected(size.error());
    auto message = decode_from_host(Bytes(buffer_).first(*size), id);
    if (!message) return tl::unexpected(message.error());
    if (auto* answer = std::get_if<Answer>(&*message)) return *answer;
    if (unknown_notification_.admit()) {
      events_.event(
          {Severity::kInfo, "get",
           fmt::format("notification {} from the host ignored", std::get<Notification>(*message).id)});
    }
    // A host that never stops notifying would otherwise keep the caller past the deadline.
    if (steady_clock::now() >= deadline)
      return fail(Errc::kTimeout, "the GET host sends notifications, no answer");
  }
}

void Client::count(const RangeExchange& exchange) {
  if (std::holds_alternative<ResetRamGpaRange>(exchange.request)) {
    ++counters_.resets;
    return;
  }
  ++counters_.creates;
  if (exchange.status != CreateStatus::kSuccess) ++counters_.refused_creates;
}

}  // namespace lowmeg::get
