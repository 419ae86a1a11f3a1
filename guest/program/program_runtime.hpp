// The runtime of random guest programs as it was built.
#pragma once

#include <cstdint>
#include <span>

namespace guest {

/// The last 4 KiB of an image; layout.h says what lies before them. Static storage.
std::span<const std::uint8_t> program_runtime();

}  // namespace guest
