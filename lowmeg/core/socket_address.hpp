// A path as the address of a Unix socket, of whatever type: GET, gdb, qtest.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "lowmeg/core/result.hpp"

namespace lowmeg {

struct SocketAddress {
  sockaddr_un un;

  /// kInvalidArgument when the path is empty or longer than sun_path (107 characters).
  static Result<SocketAddress> make(const std::string& path);
  // SAFETY: sockaddr_un is a sockaddr by the socket API's own rule.
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }
  static constexpr socklen_t size() { return sizeof(sockaddr_un); }
};

}  // namespace lowmeg
