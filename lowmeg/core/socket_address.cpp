#include "lowmeg/core/socket_address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lowmeg {

Result<SocketAddress> SocketAddress::make(const std::string& path) {
  SocketAddress address{};
  address.un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.un.sun_path)) {
    return fail(Errc::kInvalidArgument, fmt::format("socket path '{}': {}", path,
                                                    path.empty() ? "empty" : "longer than 107 characters"));
  }
  std::copy(path.begin(), path.end(), address.un.sun_path);
  return address;
}

}  // namespace lowmeg
