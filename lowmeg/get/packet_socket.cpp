#include "lowmeg/get/packet_socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lowmeg/core/socket_address.hpp"
#include "lowmeg/get/readiness.hpp"

namespace lowmeg::get {
namespace {

// Never blocking: a connect to a host whose queue is full would know no deadline.
constexpr int kType = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

tl::unexpected<Error> peer_gone() {
  return fail(Errc::kClosed, "the GET peer has closed the connection");
}

// Whether to try again after a failed send or recv; else the error.
bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

tl::unexpected<Error> socket_error(const char* operation) {
  if (errno == EPIPE || errno == ECONNRESET) return peer_gone();
  return fail_errno(fmt::format("{} on the GET socket", operation));
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<PacketSocket> PacketSocket::connect(const std::string& path) {
  const auto address = SocketAddress::make(path);
  if (!address) return tl::unexpected(address.error());
  // SAFETY: the descriptor is owned from here on; the address is a complete sockaddr_un.
  FileDescriptor fd(::socket(AF_UNIX, kType, 0));
  if (!fd) return fail_errno("socket");
  if (::connect(fd.get(), address->get(), SocketAddress::size()) != 0) {
    return fail_errno(fmt::format("connect to {}", path));
  }
  const auto stranger = stranger_at(fd);
  if (!stranger) return tl::unexpected(stranger.error());
  if (*stranger)
    return fail(Errc::kProtocol,
                fmt::format("the host at {} is of user {}, and not trusted", path, **stranger));
  return PacketSocket(std::move(fd));
}

Result<std::optional<unsigned>> stranger_at(const FileDescriptor& socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  // SAFETY: SO_PEERCRED fills in one ucred.
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return fail_errno("SO_PEERCRED");
  if (peer.uid == 0 || peer.uid == ::geteuid()) return std::nullopt;
  return peer.uid;
}

Result<std::pair<PacketSocket, PacketSocket>> PacketSocket::pair() {
  int fds[2];
  // SAFETY: an array of two, as socketpair(2) wants; both are owned at once.
  if (::socketpair(AF_UNIX, kType, 0, fds) != 0) return fail_errno("socketpair");
  return std::pair(PacketSocket(FileDescriptor(fds[0])), PacketSocket(FileDescriptor(fds[1])));
}

Result<void> PacketSocket::send(std::span<const std::uint8_t> packet, Deadline deadline) {
  for (;;) {
    // SAFETY: reads just the packet's bytes.
    if (::send(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
    if (!would_block()) return socket_error("send");
    if (auto ready = wait_until_ready(fd_.get(), POLLOUT, deadline); !ready) return ready;
  }
}

Result<std::size_t> PacketSocket::receive(std::span<std::uint8_t> buffer, Deadline deadline) {
  for (;;) {
    if (auto ready = wait_until_ready(fd_.get(), POLLIN, deadline); !ready)
      return tl::unexpected(ready.error());
    // SAFETY: writes no more than the buffer's size; MSG_TRUNC gives the packet's true size.
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (size == 0) return peer_gone();
    if (size > 0 && static_cast<std::size_t>(size) <= buffer.size()) return static_cast<std::size_t>(size);
    if (size > 0) return fail(Errc::kProtocol, fmt::format("GET message of {} bytes is too long", size));
    if (!would_block()) return socket_error("recv");
  }
}

bool PacketSocket::peer_has_gone() const {
  pollfd looked_at{fd_.get(), 0, 0};
  // SAFETY: one pollfd of ours; POLLHUP is told unasked.
  return ::poll(&looked_at, 1, 0) > 0 && (looked_at.revents & POLLHUP) != 0;
}

void PacketSocket::shut_down() {
  ::shutdown(fd_.get(), SHUT_RDWR);
}

}  // namespace lowmeg::get
