#include "lowmeg/get/unix_listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lowmeg/core/socket_address.hpp"
#include "lowmeg/get/stale_socket.hpp"

namespace lowmeg::get {
namespace {

constexpr int kBacklog = 4;
constexpr mode_t kOwnerOnly = 0600;

}  // namespace

Result<UnixListener> UnixListener::listen(const std::string& path) {
  const auto address = SocketAddress::make(path);
  if (!address) return tl::unexpected(address.error());
  auto lock = PathLock::take(path);
  if (!lock) return tl::unexpected(lock.error());
  if (auto removed = remove_stale_socket(path, SOCK_SEQPACKET); !removed)
    return tl::unexpected(removed.error());
  // SAFETY: the descriptor is owned from here on; the address is a complete sockaddr_un.
  FileDescriptor fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  // The file takes the mode that the socket has when it is bound, so there is no moment with a wider one.
  if (::fchmod(fd.get(), kOwnerOnly) != 0) return fail_errno("fchmod of the socket");
  if (::bind(fd.get(), address->get(), SocketAddress::size()) != 0) return fail_errno("bind " + path);
  UnixListener listener(std::move(*lock), std::move(fd), path);
  if (auto remembered = listener.remember_file(); !remembered) return tl::unexpected(remembered.error());
  if (::listen(listener.fd(), kBacklog) != 0) return fail_errno("listen at " + path);
  return listener;
}

Result<void> UnixListener::remember_file() {
  struct stat status;
  if (::lstat(path_.c_str(), &status) != 0) return fail_errno("stat " + path_);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return {};
}

UnixListener::~UnixListener() {
  struct stat status;
  if (!fd_ || inode_ == 0 || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

Result<std::optional<PacketSocket>> UnixListener::accept() {
  // SAFETY: no address is asked for; the descriptor is owned at once.
  FileDescriptor fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) {
    const bool gone_again = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    return gone_again ? Result<std::optional<PacketSocket>>(std::nullopt) : fail_errno("accept at " + path_);
  }
  const auto stranger = stranger_at(fd);
  if (!stranger) return tl::unexpected(stranger.error());
  if (*stranger) return fail(Errc::kProtocol, fmt::format("a client of user {} was refused", **stranger));
  return PacketSocket(std::move(fd));
}

}  // namespace lowmeg::get
