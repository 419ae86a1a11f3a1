#include "lowmeg/c/client.hpp"

#include "lowmeg/c/hand_over.hpp"
#include "lowmeg/c/structs.hpp"

namespace lowmeg::c {
namespace {

using State = get::ClientSession::State;

static_assert(LOWMEG_CLIENT_OPENING == static_cast<int>(State::kOpening));
static_assert(LOWMEG_CLIENT_IDLE == static_cast<int>(State::kIdle));
static_assert(LOWMEG_CLIENT_ASKING == static_cast<int>(State::kAsking));
static_assert(LOWMEG_CLIENT_CLOSED == static_cast<int>(State::kGivenUp));

std::chrono::milliseconds timeout_of(const lowmeg_client_config& config) {
  return config.timeout_ms == 0 ? get::kClientTimeout : std::chrono::milliseconds(config.timeout_ms);
}

}  // namespace

Client::Client(const lowmeg_client_config& config, Channel* channel)
    : Object(kKind),
      events_(config.event, config.event_context),
      session_(events_, config.one_at_a_time ? get::Batching::kNever : get::Batching::kWhereOffered),
      channel_(channel),
      use_(channel ? Use(*channel) : Use()),
      timeout_(timeout_of(config)) {}

Result<void> Client::take(get::Bytes message) {
  auto taken = session_.take(message);
  if (session_.state() != State::kAsking && adjuster_) adjuster_->take_answers();
  return taken;
}

Result<void> Client::send_all() {
  while (const auto message = session_.next()) {
    auto sent = channel_->transport().send(message->bytes(), std::chrono::steady_clock::now() + timeout_);
    if (!sent) return sent;
  }
  return {};
}

void Client::give_up(const Error& why) {
  session_.give_up(why);
  if (adjuster_) adjuster_->take_answers();
}

Result<void> Client::drive() {
  if (!channel_) return {};
  while (is_waiting()) {
    auto done = send_all();
    if (done) {
      const auto message = channel_->receive(std::chrono::steady_clock::now() + timeout_);
      done = message ? take(*message) : Result<void>(tl::unexpected(message.error()));
    }
    if (done) continue;
    give_up(done.error());
    return done;
  }
  return {};
}

namespace {

std::int32_t create(const lowmeg_client_config* given, lowmeg_client** handle) {
  std::int32_t status = LOWMEG_OK;
  const auto config = read_struct(given, status);
  if (!config) return status;
  if (!handle || config->one_at_a_time > 1 || config->reserved != 0)
    return failed(LOWMEG_INVALID_ARGUMENT, "client: a flag that is not 0 or 1, or nowhere to put the handle");
  Channel* const channel = config->channel ? find<Channel>(config->channel) : nullptr;
  if (config->channel && !channel) return bad_handle();
  if (channel && channel->is_used()) return busy("another object uses the channel");
  auto client = std::make_unique<Client>(*config, channel);
  if (auto driven = client->drive(); !driven) return failed(driven.error());
  *handle = publish(std::move(client));
  return LOWMEG_OK;
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Client;

int32_t lowmeg_client_create(const lowmeg_client_config* config, lowmeg_client** client) {
  return c::guarded([&] { return c::create(config, client); });
}

int32_t lowmeg_client_close(lowmeg_client* client) {
  return c::close<Client>(client);
}

int32_t lowmeg_client_state(lowmeg_client* handle, uint32_t* state) {
  return c::on<Client>(handle, [&](Client& client) -> std::int32_t {
    if (!state) return c::failed(LOWMEG_INVALID_ARGUMENT, "client: nowhere to put the state");
    *state = static_cast<std::uint32_t>(client.session().state());
    return LOWMEG_OK;
  });
}

int32_t lowmeg_client_next(lowmeg_client* handle, uint8_t* buffer, size_t capacity, size_t* size) {
  return c::on<Client>(handle, [&](Client& client) -> std::int32_t {
    if (client.session().given_up()) return c::failed(LOWMEG_CLOSED, client.session().given_up()->message());
    if (!client.pending()) client.pending() = client.session().next();
    return c::hand_over(client.pending(), buffer, capacity, size);
  });
}

int32_t lowmeg_client_take(lowmeg_client* handle, const uint8_t* message, size_t size) {
  return c::on<Client>(handle, [&](Client& client) {
    if (!c::are_bytes(message, size))
      return c::failed(LOWMEG_INVALID_ARGUMENT, "client: the message is missing");
    return c::told(client.take({message, size}));
  });
}
