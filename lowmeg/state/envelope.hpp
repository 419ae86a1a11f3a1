// A root state travels in a google.protobuf.Any: a type_url and the state's bytes.
#pragma once

#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

Buffer wrap(std::string_view type_url, Bytes value);

/// The bytes within. kInvalidArgument as check_wire has it, and for another type_url than this one.
Result<Buffer> unwrap(Bytes any, std::string_view type_url);

}  // namespace lowmeg::state
