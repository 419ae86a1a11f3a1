// Bytes on their way in, which somebody else owns, and on their way out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lowmeg::state {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

}  // namespace lowmeg::state
