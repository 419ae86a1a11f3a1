// The conformance ROM as it was built, for programs that run it.
#pragma once

#include <cstdint>
#include <span>

namespace guest {

/// A firmware image of 128 KiB that ends at 4 GiB; its last 64 KiB alone are one, too. guest/README.md says
/// what it checks and how it reports. Static storage.
std::span<const std::uint8_t> conformance_rom();

}  // namespace guest
