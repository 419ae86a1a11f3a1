// The socket file that a process left behind which is gone.
#pragma once

#include <string>

#include "lowmeg/core/result.hpp"

namespace lowmeg::get {

/// Removes it, so that another can listen at `path`. Where somebody listens, or where the path is something
/// else than a socket, nothing is touched and the error (kInvalidArgument) says so. `type` is socket(2)'s:
/// SOCK_SEQPACKET or SOCK_STREAM. Under the PathLock of the path.
Result<void> remove_stale_socket(const std::string& path, int type);

}  // namespace lowmeg::get
