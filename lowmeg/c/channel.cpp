#include "lowmeg/c/channel.hpp"

#include "lowmeg/get/adopted_channel.hpp"
#include "lowmeg/get/unix_transport.hpp"

namespace lowmeg::c {
namespace {

using Made = Result<std::unique_ptr<get::Transport>>;

Made connect_unix(const char* path) {
  if (!path) return fail(Errc::kInvalidArgument, "channel: no path");
  auto socket = get::PacketSocket::connect(path);
  if (!socket) return tl::unexpected(socket.error());
  return std::make_unique<get::UnixTransport>(std::move(*socket));
}

template <typename Make>
std::int32_t create(lowmeg_channel** handle, Make make) {
  return guarded([&]() -> std::int32_t {
    if (!handle) return failed(LOWMEG_INVALID_ARGUMENT, "channel: nowhere to put the handle");
    Made made = make();
    if (!made) return failed(made.error());
    *handle = publish(std::make_unique<Channel>(std::move(*made)));
    return LOWMEG_OK;
  });
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;
using c::Channel;

int32_t lowmeg_channel_adopt(int32_t fd, lowmeg_channel** channel) {
  return c::create(channel, [&] { return get::adopt(fd); });
}

int32_t lowmeg_channel_connect_unix(const char* path, lowmeg_channel** channel) {
  return c::create(channel, [&] { return c::connect_unix(path); });
}

int32_t lowmeg_channel_connect_vsock(uint32_t cid, uint32_t port, uint32_t timeout_ms,
                                     lowmeg_channel** channel) {
  return c::create(channel, [&] { return get::connect_vsock(cid, port, c::deadline_after(timeout_ms)); });
}

int32_t lowmeg_channel_close(lowmeg_channel* channel) {
  return c::close<Channel>(channel);
}

int32_t lowmeg_channel_send(lowmeg_channel* handle, const uint8_t* message, size_t size,
                            uint32_t timeout_ms) {
  return c::on<Channel>(handle, [&](Channel& channel) {
    if (!message || size == 0 || size > LOWMEG_MESSAGE_MAX)
      return c::failed(LOWMEG_INVALID_ARGUMENT, "channel: a message of 1 to 12288 bytes");
    return c::told(channel.transport().send({message, size}, c::deadline_after(timeout_ms)));
  });
}

int32_t lowmeg_channel_receive(lowmeg_channel* handle, uint8_t* buffer, size_t capacity, uint32_t timeout_ms,
                               size_t* size) {
  return c::on<Channel>(handle, [&](Channel& channel) -> std::int32_t {
    if (!buffer || !size) return c::failed(LOWMEG_INVALID_ARGUMENT, "channel: nowhere to put the message");
    if (capacity < LOWMEG_MESSAGE_MAX) return c::failed(LOWMEG_TOO_SMALL, "channel: a buffer of 12288 bytes");
    const auto received = channel.transport().receive({buffer, capacity}, c::deadline_after(timeout_ms));
    if (!received) return c::failed(received.error());
    *size = *received;
    return LOWMEG_OK;
  });
}
