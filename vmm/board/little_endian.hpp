// Bytes in an x86's order.
#pragma once

#include <cstdint>
#include <span>

namespace vmm {

/// The `size` bytes from `offset` on, 1, 2 or 4 of them and all there, as a value.
inline std::uint32_t load_little_endian(std::span<const std::uint8_t> bytes, std::size_t offset,
                                        unsigned size) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{bytes[offset + i]} << (8 * i);
  return value;
}

}  // namespace vmm
