#include "lowmeg/get/stale_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lowmeg/core/socket_address.hpp"
#include "lowmeg/get/packet_socket.hpp"

namespace lowmeg::get {
namespace {

// 0, or the errno of a try to connect there: ECONNREFUSED where nobody listens, EAGAIN where the queue is
// full, EPROTOTYPE where somebody listens for another type of socket.
Result<int> knock(const std::string& path, int type) {
  const auto address = SocketAddress::make(path);
  if (!address) return tl::unexpected(address.error());
  // SAFETY: the descriptor is owned from here on; the address is a complete sockaddr_un.
  const FileDescriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  return ::connect(fd.get(), address->get(), SocketAddress::size()) == 0 ? 0 : errno;
}

}  // namespace

Result<void> remove_stale_socket(const std::string& path, int type) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? Result<void>{} : fail_errno("stat " + path);
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::kInvalidArgument, path + " is there already and is no socket");
  const auto answer = knock(path, type);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer == 0 || *answer == EAGAIN || *answer == EPROTOTYPE)
    return fail(Errc::kInvalidArgument, "another host listens at " + path);
  errno = *answer;
  if (errno != ECONNREFUSED) return fail_errno("connect to " + path);
  return ::unlink(path.c_str()) == 0 ? Result<void>{} : fail_errno("unlink " + path);
}

}  // namespace lowmeg::get
