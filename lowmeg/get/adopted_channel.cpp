#include "lowmeg/get/adopted_channel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lowmeg/get/readiness.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/get/wire.hpp"

namespace lowmeg::get {
namespace {

tl::unexpected<Error> gone() {
  return fail(Errc::kClosed, "the GET peer has closed the channel");
}

// A device whose reads and writes are whole messages.
class DeviceTransport final : public Transport {
 public:
  explicit DeviceTransport(FileDescriptor fd) : fd_(std::move(fd)) {}

  Result<void> send(std::span<const std::uint8_t> message, Deadline deadline) override {
    for (;;) {
      if (!fd_) return gone();
      // SAFETY: reads just the message's bytes.
      const ssize_t sent = ::write(fd_.get(), message.data(), message.size());
      if (sent == static_cast<ssize_t>(message.size())) return {};
      if (sent >= 0)
        return fail(Errc::kProtocol, fmt::format("the GET channel took {} bytes of a message", sent));
      if (errno == EPIPE) return gone();
      if (errno != EAGAIN && errno != EINTR) return fail_errno("write on the GET channel");
      if (auto ready = wait_until_ready(fd_.get(), POLLOUT, deadline); !ready) return ready;
    }
  }

  Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) override {
    std::array<std::uint8_t, wire::kMaxMessageSize + 1> message;  // one more byte: too long shows
    for (;;) {
      if (!fd_) return gone();
      if (auto ready = wait_until_ready(fd_.get(), POLLIN, deadline); !ready)
        return tl::unexpected(ready.error());
      // SAFETY: writes no more than the array's size.
      const ssize_t size = ::read(fd_.get(), message.data(), message.size());
      if (size == 0) return gone();
      if (size > 0) return copied(std::span(message).first(static_cast<std::size_t>(size)), buffer);
      if (errno != EAGAIN && errno != EINTR) return fail_errno("read on the GET channel");
    }
  }
  void close() override { fd_ = FileDescriptor(); }

 private:
  static Result<std::size_t> copied(std::span<const std::uint8_t> message, std::span<std::uint8_t> buffer) {
    if (message.size() > buffer.size() || message.size() > wire::kMaxMessageSize)
      return fail(Errc::kProtocol, "GET message is too long");
    std::ranges::copy(message, buffer.begin());
    return message.size();
  }

  FileDescriptor fd_;
};

Result<void> make_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return fail_errno("fcntl on the GET channel");
  return {};
}

// Whether a socket keeps the bounds of messages.
Result<void> check_type(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  // SAFETY: SO_TYPE fills in one int.
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return fail_errno("SO_TYPE");
  if (type != SOCK_SEQPACKET)
    return fail(Errc::kInvalidArgument, "the GET channel is a socket that is not SEQPACKET");
  return {};
}

// The outcome of a connect that was begun.
Result<void> connected(int fd, Deadline deadline) {
  if (auto ready = wait_until_ready(fd, POLLOUT, deadline); !ready) return ready;
  int error = 0;
  socklen_t size = sizeof(error);
  // SAFETY: SO_ERROR fills in one int.
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return fail_errno("SO_ERROR");
  errno = error;
  return error == 0 ? Result<void>() : Result<void>(fail_errno("connect to a vsock"));
}

}  // namespace

Result<std::unique_ptr<Transport>> adopt(int fd) {
  struct stat status{};
  // SAFETY: fstat fills in one stat.
  if (::fstat(fd, &status) != 0) return fail_errno("the GET channel");
  const bool is_socket = S_ISSOCK(status.st_mode);
  if (is_socket) {
    if (auto checked = check_type(fd); !checked) return tl::unexpected(checked.error());
  } else if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    return fail(Errc::kInvalidArgument, "the GET channel is a file");
  }
  if (auto made = make_non_blocking(fd); !made) return tl::unexpected(made.error());
  if (is_socket) return std::make_unique<UnixTransport>(PacketSocket(FileDescriptor(fd)));
  return std::make_unique<DeviceTransport>(FileDescriptor(fd));
}

Result<std::unique_ptr<Transport>> connect_vsock(std::uint32_t cid, std::uint32_t port, Deadline deadline) {
  // SAFETY: the descriptor is owned from here on.
  FileDescriptor fd(::socket(AF_VSOCK, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket of AF_VSOCK");
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  // SAFETY: a sockaddr_vm is a sockaddr by the socket API's own rule.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno != EINPROGRESS) return fail_errno(fmt::format("connect to vsock {}:{}", cid, port));
    if (auto made = connected(fd.get(), deadline); !made) return tl::unexpected(made.error());
  }
  return std::make_unique<UnixTransport>(PacketSocket(std::move(fd)));
}

}  // namespace lowmeg::get
