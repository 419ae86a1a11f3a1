// Result<T>: what may fail because of the environment: an ioctl, a socket, a file, a peer, saved state.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lowmeg {

enum class Errc {
  kInvalidArgument,  ///< a value from outside breaks a rule
  kNotSupported,     ///< a right request that this build or machine cannot serve
  kSystem,           ///< a system call failed; os_error says how
  kTimeout,          ///< a deadline passed
  kClosed,           ///< the peer is gone, or the connection was given up
  kProtocol,         ///< the peer broke the protocol
};

struct Error {
  Errc code = Errc::kInvalidArgument;
  std::string what;  ///< the operation and what went wrong, one line, no full stop
  int os_error = 0;  ///< errno of the failed call, or 0

  /// One line for a person: what, and the system's word for os_error.
  std::string message() const;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what), 0});
}

/// A failed system call; call it at once, errno is read here.
tl::unexpected<Error> fail_errno(std::string operation);

}  // namespace lowmeg
