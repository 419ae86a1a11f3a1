// GET as text: requests with their answers, the host's ranges, and the counters of either end.
#pragma once

#include <string>

#include "vmm/dry_host.hpp"

namespace cli {

/// "create slot 1: C0000-C3FFF from 000C0000, read-only -> SUCCESS", without a line end.
std::string request_text(const lowmeg::get::RangeRequest& request, lowmeg::get::CreateStatus status);
/// The ranges in order of address, a line each.
std::string slots_text(const lowmeg::get::RangeSlots& slots);
/// Requests by kind and status, bytes and time, in a few lines. `end` is "client" or "host".
std::string counters_text(const std::string& end, const lowmeg::get::Counters& counters);

}  // namespace cli
