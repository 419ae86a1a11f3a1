#include "cli/gdb_channel.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "lowmeg/core/socket_address.hpp"
#include "lowmeg/get/path_lock.hpp"
#include "lowmeg/get/stale_socket.hpp"

namespace cli {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::SocketAddress;
using lowmeg::get::PathLock;

constexpr int kAWhileMs = 100, kSendMs = 2000;
constexpr std::string_view kUnix = "unix:";

bool is_ready(int fd, short what, int milliseconds) {
  pollfd ready{fd, what, 0};
  return ::poll(&ready, 1, milliseconds) > 0;
}

// While somebody listens there.
struct SocketFile {
  std::string path;
  PathLock lock;
};

class SocketChannel final : public vmm::GdbChannel {
 public:
  SocketChannel(int listener, std::optional<SocketFile> file) : listener_(listener), file_(std::move(file)) {}
  ~SocketChannel() override {
    if (client_ >= 0) ::close(client_);
    stop_listening();
  }

  std::optional<std::string> receive(Wait wait) override {
    const int milliseconds = wait == Wait::kAWhile ? kAWhileMs : 0;
    if (client_ < 0) return let_in(milliseconds) ? std::optional(std::string()) : std::nullopt;
    if (!is_ready(client_, POLLIN, milliseconds)) return std::string();
    std::array<char, 4096> bytes{};
    const ssize_t size = ::recv(client_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::string();
    if (size <= 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(size));
  }

  bool send(std::string_view bytes) override {
    if (client_ < 0) return false;
    while (!bytes.empty()) {
      if (!is_ready(client_, POLLOUT, kSendMs)) return false;
      const ssize_t size = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

 private:
  // False: nobody will come any more.
  bool let_in(int milliseconds) {
    if (!is_ready(listener_, POLLIN, milliseconds)) return true;
    client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client_ < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    const int yes = 1;
    static_cast<void>(::setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes));  // not on AF_UNIX
    stop_listening();
    return true;
  }
  void stop_listening() {
    if (listener_ < 0) return;
    ::close(std::exchange(listener_, -1));
    if (file_) ::unlink(file_->path.c_str());
    file_.reset();
  }

  int listener_;
  std::optional<SocketFile> file_;  // none: a port
  int client_ = -1;
};

Result<std::unique_ptr<vmm::GdbChannel>> listening(int fd, const sockaddr* address, socklen_t size,
                                                   const std::string& where, std::optional<SocketFile> file) {
  if (fd < 0) return lowmeg::fail_errno("socket for gdb");
  if (::bind(fd, address, size) != 0 || ::listen(fd, 1) != 0) {
    auto error = lowmeg::fail_errno("--gdb " + where);
    ::close(fd);
    return error;
  }
  return std::make_unique<SocketChannel>(fd, std::move(file));
}

// As a GET host does it (unix_listener.hpp): one at a path, and none that is gone is in the way.
Result<std::unique_ptr<vmm::GdbChannel>> at_file(const std::string& path) {
  const auto address = SocketAddress::make(path);
  if (!address) return tl::unexpected(address.error());
  auto lock = PathLock::take(path);
  if (!lock) return tl::unexpected(lock.error());
  if (auto removed = lowmeg::get::remove_stale_socket(path, SOCK_STREAM); !removed)
    return tl::unexpected(removed.error());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The file takes the mode that the socket has when it is bound.
  if (fd >= 0) static_cast<void>(::fchmod(fd, S_IRUSR | S_IWUSR));
  return listening(fd, address->get(), SocketAddress::size(), "unix:" + path,
                   SocketFile{path, std::move(*lock)});
}

Result<std::unique_ptr<vmm::GdbChannel>> at_port(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  if (fd >= 0) static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
  // SAFETY: a complete sockaddr_in.
  return listening(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address, std::to_string(port),
                   std::nullopt);
}

}  // namespace

Result<std::unique_ptr<vmm::GdbChannel>> open_gdb_channel(const std::string& where) {
  if (where.starts_with(kUnix)) return at_file(where.substr(kUnix.size()));
  std::uint16_t port = 0;
  const char* const end = where.data() + where.size();
  const auto [stop, error] = std::from_chars(where.data(), end, port);
  if (error == std::errc() && stop == end && port != 0) return at_port(port);
  return lowmeg::fail(Errc::kInvalidArgument,
                      "--gdb " + where + ": neither a port from 1 to 65535 nor unix:PATH");
}

}  // namespace cli
