#include "lowmeg/c/host.hpp"

#include "lowmeg/c/hand_over.hpp"
#include "lowmeg/c/structs.hpp"

namespace lowmeg::c {
namespace {

constexpr GpaRange kUsualWindow{0xc0000, 0x100000};

get::HostLimits limits_of(const lowmeg_host_config& config, const GpaRange& window) {
  return {.slots = config.slots == 0 ? get::RangeSlots::kCapacity : config.slots,
          .window = window,
          .ram_size = config.ram_bytes};
}

}  // namespace

Result<void> RangeCallback::carry_out(const get::RangeSlots& shown, const get::RangeSlots& wanted) {
  std::vector<lowmeg_range> steps;
  const auto add = [&](std::uint32_t index, const std::optional<get::RangeSlots::Slot>& slot, bool created) {
    if (slot)
      steps.push_back(
          {index, created, slot->read_only, 0, slot->range.start(), slot->range.end(), slot->ram_offset});
  };
  for (std::uint32_t i = 0; i < shown.size(); ++i)
    if (shown.slot(i) != wanted.slot(i)) add(i, shown.slot(i), false);
  for (std::uint32_t i = 0; i < shown.size(); ++i)
    if (shown.slot(i) != wanted.slot(i)) add(i, wanted.slot(i), true);
  for (std::size_t done = 0; done < steps.size(); ++done) {
    const std::int32_t result = call_(context_, &steps[done]);
    if (result == 0) continue;
    while (done-- > 0) {
      steps[done].created = !steps[done].created;
      call_(context_, &steps[done]);
    }
    return fail(Errc::kSystem, "the callback range refuses");
  }
  return {};
}

std::optional<get::OtherMessages::Answers> OtherCallback::handle(get::Bytes message) {
  if (!call_) return std::nullopt;
  std::vector<std::uint8_t> answer(LOWMEG_MESSAGE_MAX);
  std::size_t size = 0;
  if (call_(context_, message.data(), message.size(), answer.data(), answer.size(), &size) != 0)
    return std::nullopt;
  if (size == 0) return Answers{};
  answer.resize(std::min<std::size_t>(size, answer.size()));
  return Answers{std::move(answer)};
}

Host::Host(const lowmeg_host_config& config, const GpaRange& window)
    : Object(kKind),
      events_(config.event, config.event_context),
      range_(config.range, config.range_context),
      other_(config.other, config.other_context),
      batches_(config.no_batches ? get::Batches::kNotOffered : get::Batches::kOffered),
      mapper_(window),
      host_(std::move(*get::Host::create(mapper_, memory::MemoryMap::uniform(memory::Layout(window)),
                                         limits_of(config, window), events_))) {
  host_->carry_by(&range_);
}

Session::Session(Host& host) : Object(kKind), owner_(host), use_(host), session_(host.host(), host.parts()) {}

Result<void> Session::take(get::Bytes message) {
  if (is_over_) return fail(Errc::kClosed, "the session is over: the client broke the protocol");
  auto messages = session_.handle(message);
  if (!messages) {
    is_over_ = true;
    return tl::unexpected(messages.error());
  }
  for (get::Message& answer : *messages) to_send_.push_back(std::move(answer));
  return {};
}

std::optional<get::Message> Session::next() {
  if (to_send_.empty()) return std::nullopt;
  get::Message message = std::move(to_send_.front());
  to_send_.pop_front();
  return message;
}

Result<void> Session::serve(Channel& channel, std::uint32_t timeout_ms) {
  for (;;) {
    while (const auto message = next()) {
      if (auto sent = channel.transport().send(message->bytes(), deadline_after(timeout_ms)); !sent)
        return sent;
    }
    const auto message = channel.receive(deadline_after(timeout_ms));
    if (!message) return tl::unexpected(message.error());
    if (auto taken = take(*message); !taken) return taken;
  }
}

namespace {

std::int32_t create(const lowmeg_host_config* given, lowmeg_host** handle) {
  std::int32_t status = LOWMEG_OK;
  const auto config = read_struct(given, status);
  if (!config) return status;
  if (!handle || !config->range || config->no_batches > 1 || config->reserved != 0)
    return failed(LOWMEG_INVALID_ARGUMENT, "host: range is missing, or a flag that is not 0 or 1");
  if (config->slots > get::RangeSlots::kCapacity)
    return failed(LOWMEG_INVALID_ARGUMENT, "host: at most 32 slots");
  const std::uint64_t start = config->window_start, end = config->window_end;
  const bool is_usual = start == 0 && end == 0;
  if (!is_usual && (!is_page_aligned(start) || !is_page_aligned(end) || start >= end || end > 1ull << 32))
    return failed(LOWMEG_INVALID_ARGUMENT, "host: the window is not whole pages below 4 GiB");
  if (!is_page_aligned(config->ram_bytes) || config->ram_bytes > 1ull << 52)
    return failed(LOWMEG_INVALID_ARGUMENT, "host: ram_bytes is not whole pages, or too much");
  *handle = publish(std::make_unique<Host>(*config, is_usual ? kUsualWindow : GpaRange(start, end)));
  return LOWMEG_OK;
}

// A session, with its host entered: the host's callbacks are called.
template <typename Body>
std::int32_t on_session(lowmeg_session* handle, Body body) {
  return on<Session>(handle, [&](Session& session) -> std::int32_t {
    const Entry entry(session.owner());
    if (!entry) return busy("a call on the host has not returned yet");
    return body(session);
  });
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Session;

int32_t lowmeg_host_create(const lowmeg_host_config* config, lowmeg_host** host) {
  return c::guarded([&] { return c::create(config, host); });
}

int32_t lowmeg_host_close(lowmeg_host* host) {
  return c::close<c::Host>(host);
}

int32_t lowmeg_session_create(lowmeg_host* handle, lowmeg_session** session) {
  return c::on<c::Host>(handle, [&](c::Host& host) -> std::int32_t {
    if (!session) return c::failed(LOWMEG_INVALID_ARGUMENT, "session: nowhere to put the handle");
    *session = c::publish(std::make_unique<Session>(host));
    return LOWMEG_OK;
  });
}

int32_t lowmeg_session_close(lowmeg_session* session) {
  return c::close<Session>(session);
}

int32_t lowmeg_session_take(lowmeg_session* handle, const uint8_t* message, size_t size) {
  return c::on_session(handle, [&](Session& session) {
    if (!c::are_bytes(message, size))
      return c::failed(LOWMEG_INVALID_ARGUMENT, "session: the message is missing");
    return c::told(session.take({message, size}));
  });
}

int32_t lowmeg_session_next(lowmeg_session* handle, uint8_t* buffer, size_t capacity, size_t* size) {
  return c::on<Session>(handle, [&](Session& session) {
    if (!session.pending()) session.pending() = session.next();
    return c::hand_over(session.pending(), buffer, capacity, size);
  });
}

int32_t lowmeg_session_serve(lowmeg_session* handle, lowmeg_channel* channel_handle, uint32_t timeout_ms) {
  return c::on_session(handle, [&](Session& session) -> std::int32_t {
    c::Channel* const channel = c::find<c::Channel>(channel_handle);
    if (!channel) return c::bad_handle();
    const c::Entry entry(*channel);
    if (!entry) return c::busy("a call on the channel has not returned yet");
    const auto served = session.serve(*channel, timeout_ms);
    return !served && served.error().code == Errc::kClosed && !session.is_over() ? LOWMEG_OK
                                                                                 : c::told(served);
  });
}
