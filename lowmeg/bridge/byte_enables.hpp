// Which of the four bytes of a configuration dword a cycle touches.
//
// PCI configuration cycles address dwords; the C/BE# lines pick the bytes (PCI Local Bus 2.1, 3.2.2.3.2). A
// register must merge by them exactly: PAM0-PAM2 share their dword with DRAMT.
#pragma once

#include <cstdint>

#include "lowmeg/core/invariant.hpp"

namespace lowmeg::bridge {

class ByteEnables {
 public:
  /// Bit i enables byte i; bits above 3 must be clear.
  explicit constexpr ByteEnables(unsigned bits) : bits_(static_cast<std::uint8_t>(bits)) {
    LOWMEG_INVARIANT(bits < 16, "four byte enables");
  }
  static constexpr ByteEnables all() { return ByteEnables(0xf); }
  /// `size` bytes from byte `first` on; together within the dword.
  static constexpr ByteEnables of(unsigned first, unsigned size) {
    return ByteEnables(((1u << size) - 1) << first);
  }

  constexpr unsigned bits() const { return bits_; }
  constexpr bool is_all() const { return bits_ == 0xf; }
  constexpr bool none() const { return bits_ == 0; }

  /// FFh in each enabled byte.
  constexpr std::uint32_t mask() const {
    std::uint32_t result = 0;
    for (unsigned i = 0; i < 4; ++i) {
      if (bits_ & (1u << i)) result |= 0xffu << (8 * i);
    }
    return result;
  }
  /// `written` in the enabled bytes, `old` in the others.
  constexpr std::uint32_t merge(std::uint32_t old, std::uint32_t written) const {
    return (old & ~mask()) | (written & mask());
  }

  friend constexpr bool operator==(ByteEnables, ByteEnables) = default;

 private:
  std::uint8_t bits_;
};

}  // namespace lowmeg::bridge
