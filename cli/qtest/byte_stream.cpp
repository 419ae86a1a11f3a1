#include "cli/qtest/byte_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "lowmeg/core/socket_address.hpp"

namespace cli {

lowmeg::Result<ByteStream> ByteStream::connect(const std::string& path) {
  const auto address = lowmeg::SocketAddress::make(path);
  if (!address) return tl::unexpected(address.error());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return lowmeg::fail_errno("socket");
  if (::connect(fd, address->get(), lowmeg::SocketAddress::size()) == 0) return ByteStream(fd, fd);
  auto error = lowmeg::fail_errno("connecting to " + path);
  ::close(fd);
  return error;
}

ByteStream ByteStream::standard() {
  return {STDIN_FILENO, STDOUT_FILENO};
}

ByteStream::ByteStream(ByteStream&& other) noexcept
    : in_(std::exchange(other.in_, -1)), out_(std::exchange(other.out_, -1)) {}

ByteStream::~ByteStream() {
  if (in_ > STDERR_FILENO) ::close(in_);
}

std::optional<std::string> ByteStream::receive() const {
  std::array<char, 65536> bytes{};
  for (;;) {
    const ssize_t size = ::read(in_, bytes.data(), bytes.size());
    if (size > 0) return std::string(bytes.data(), static_cast<std::size_t>(size));
    if (size == 0 || errno != EINTR) return std::nullopt;
  }
}

// So much at a time as a pipe or a socket that is writable takes without a wait (POSIX, PIPE_BUF).
bool ByteStream::send(std::string_view bytes, int stop) const {
  while (!bytes.empty()) {
    std::array<pollfd, 2> waited{{{out_, POLLOUT, 0}, {stop, POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (waited[1].revents != 0) return false;
    const ssize_t size = ::write(out_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace cli
