// Waiting for a descriptor with a deadline.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/get/transport.hpp"

namespace lowmeg::get {

/// Until `fd` is ready for poll(2)'s `events`, or the deadline, which may be past: kTimeout. From any thread.
Result<void> wait_until_ready(int fd, short events, Deadline deadline);

}  // namespace lowmeg::get
