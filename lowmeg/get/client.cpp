#include "lowmeg/get/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "lowmeg/core/stopwatch.hpp"

namespace lowmeg::get {
namespace {

using std::chrono::steady_clock;

// How long to go on reading. What has arrived is looked at before the time is judged: a caller that was
// stopped finds his answer, and what was sent before it, although the deadline has passed. But a host that
// only ever notifies does not keep him: so many messages more, and no further.
class Patience {
 public:
  explicit Patience(Deadline deadline) : deadline_(deadline) {}
  Result<void> for_another_message() {
    constexpr unsigned kMostLate = 1024;  // more than a socket's queue holds
    if (steady_clock::now() < deadline_ || late_++ < kMostLate) return {};
    return fail(Errc::kTimeout, "the GET host talks, but has not answered in time");
  }

 private:
  Deadline deadline_;
  unsigned late_ = 0;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(std::unique_ptr<Transport> transport, EventSink& events,
                                                const ClientOptions& options) {
  std::unique_ptr<Client> client(new Client(std::move(transport), events, options));
  if (auto agreed = client->exchange_version(); !agreed) return tl::unexpected(agreed.error());
  return client;
}

Client::Client(std::unique_ptr<Transport> transport, EventSink& events, const ClientOptions& options)
    : transport_(std::move(transport)), events_(events), options_(options), buffer_(wire::kMaxMessageSize) {}

Result<void> Client::exchange_version() {
  const std::lock_guard lock(mutex_);
  const Result<Answer> answer = exchange(VersionOffer{wire::kProtocolNickelRev2, options_.take_over});
  if (!answer) {
    give_up(answer.error());
    return tl::unexpected(answer.error());
  }
  if (std::get<VersionAnswer>(*answer).accepted) {
    await_offer();
    return {};
  }
  give_up({Errc::kNotSupported, "the GET host refuses protocol version 4.2"});
  return tl::unexpected(*given_up_);
}

// An offer of batches comes right behind the version answer; a host that makes none costs this moment once.
void Client::await_offer() {
  constexpr std::chrono::milliseconds kGrace{5};
  const Deadline end = steady_clock::now() + kGrace;
  while (options_.batching == Batching::kWhereOffered && max_batch_ == 1) {
    // A host that is gone already is the next call's business.
    if (!take_in_pending() || steady_clock::now() >= end) return;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

Result<void> Client::perform(std::span<RangeExchange> exchanges) {
  const std::lock_guard lock(mutex_);
  if (given_up_) return fail(Errc::kClosed, "the GET connection was given up: " + given_up_->message());
  auto performed = perform_all(exchanges);
  if (!performed) give_up(performed.error());
  return performed;
}

void Client::close() {
  const std::lock_guard lock(mutex_);
  if (!given_up_) give_up({Errc::kClosed, "closed by its owner"});
}

Counters Client::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

Result<void> Client::perform_all(std::span<RangeExchange> exchanges) {
  while (!exchanges.empty()) {
    if (auto taken = take_in_pending(); !taken) return taken;
    const std::size_t together = std::min<std::size_t>(exchanges.size(), max_batch_);
    if (auto done = perform_together(exchanges.first(together)); !done) return done;
    exchanges = exchanges.subspan(together);
  }
  return {};
}

Result<void> Client::perform_together(std::span<RangeExchange> exchanges) {
  const Stopwatch stopwatch(counters_.nanoseconds);
  const Deadline deadline = steady_clock::now() + options_.timeout;
  ++counters_.round_trips;
  if (exchanges.size() > 1) {
    const auto announced =
        send(encode(Batch{static_cast<std::uint32_t>(exchanges.size())}).bytes(), deadline);
    if (!announced) return announced;
  }
  for (const RangeExchange& exchange : exchanges) {
    if (auto sent = send(encode(as_request(exchange.request)).bytes(), deadline); !sent) return sent;
  }
  for (RangeExchange& exchange : exchanges) {
    const Result<Answer> answer = await_answer(id_of(as_request(exchange.request)), deadline);
    if (!answer) return tl::unexpected(answer.error());
    conclude(exchange, *answer);
  }
  return {};
}

Result<Answer> Client::exchange(const Request& request) {
  const Stopwatch stopwatch(counters_.nanoseconds);
  const Deadline deadline = steady_clock::now() + options_.timeout;
  if (auto sent = send(encode(request).bytes(), deadline); !sent) return tl::unexpected(sent.error());
  return await_answer(id_of(request), deadline);
}

Result<void> Client::take_in_pending() {
  Patience patience(steady_clock::now() + options_.timeout);
  for (;;) {
    if (auto in_time = patience.for_another_message(); !in_time) return in_time;
    const Result<Bytes> message = receive(Deadline::min());
    if (!message) {
      return message.error().code == Errc::kTimeout ? Result<void>{} : tl::unexpected(message.error());
    }
    if (is_response(*message)) {
      if (stray_response_.admit()) {
        events_.event({Severity::kWarning, "get",
                       stray_response_.told("a response that nobody waits for was dropped")});
      }
      continue;
    }
    const auto decoded = decode_from_host(*message, wire::HostRequestId::kVersion);
    if (!decoded) return tl::unexpected(decoded.error());
    if (auto taken = take_in(*decoded); !taken) return taken;
  }
}

Result<void> Client::send(Bytes message, Deadline deadline) {
  counters_.bytes_sent += message.size();
  return transport_->send(message, deadline);
}

Result<Answer> Client::await_answer(wire::HostRequestId id, Deadline deadline) {
  Patience patience(deadline);
  for (;;) {
    if (auto in_time = patience.for_another_message(); !in_time) return tl::unexpected(in_time.error());
    const Result<Bytes> message = receive(deadline);
    if (!message) return tl::unexpected(message.error());
    const Result<FromHost> decoded = decode_from_host(*message, id);
    if (!decoded) return tl::unexpected(decoded.error());
    if (const auto* answer = std::get_if<Answer>(&*decoded)) return *answer;
    if (auto taken = take_in(*decoded); !taken) return tl::unexpected(taken.error());
  }
}

Result<Bytes> Client::receive(Deadline deadline) {
  const auto size = transport_->receive(buffer_, deadline);
  if (!size) return tl::unexpected(size.error());
  counters_.bytes_received += *size;
  return Bytes(buffer_).first(*size);
}

Result<void> Client::take_in(const FromHost& notification) {
  if (const auto* state = std::get_if<State>(&notification)) return take_order(*state);
  if (const auto* access = std::get_if<Access>(&notification)) return take_order(*access);
  if (const auto* notice = std::get_if<SaveNotice>(&notification)) return take_order(*notice);
  if (const auto* offer = std::get_if<BatchOffer>(&notification)) {
    if (options_.batching == Batching::kWhereOffered)
      max_batch_ = std::max<std::uint32_t>(offer->max_requests, 1);
    return {};
  }
  if (unknown_notification_.admit()) {
    events_.event({Severity::kInfo, "get",
                   unknown_notification_.told(fmt::format("notification {} from the host ignored",
                                                          std::get<Notification>(notification).id))});
  }
  return {};
}

void Client::conclude(RangeExchange& exchange, const Answer& answer) {
  const auto* create = std::get_if<CreateAnswer>(&answer);
  exchange.status = create ? create->status : CreateStatus::kSuccess;
  counters_.count(exchange.request, *exchange.status);
}

void Client::give_up(const Error& error) {
  given_up_ = error;
  transport_->close();
}

}  // namespace lowmeg::get
