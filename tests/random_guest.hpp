// A guest that makes random config accesses, mostly to registers that do something. The seed says which.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>

namespace lowmeg {

struct Access {
  bool write;
  std::uint16_t port;
  unsigned size;
  std::uint32_t value;
};

class RandomGuest {
 public:
  explicit RandomGuest(std::uint64_t seed) : random_(seed) {}

  Access next() {
    constexpr unsigned kSizes[] = {1, 2, 4, 4};
    const unsigned size = kSizes[pick(4)];
    switch (pick(8)) {
      case 0:  // any access in CF8-CFF
        return {pick(2) == 0, static_cast<std::uint16_t>(0xcf8 + pick(8)), size, fit(random_value(), size)};
      case 1:
      case 2:
        return {true, 0xcf8, 4, address()};
      case 3:
      case 4:
        return {false, static_cast<std::uint16_t>(0xcfc + pick(4)), size, 0};
      default:
        return {true, static_cast<std::uint16_t>(0xcfc + pick(4)), size, fit(random_value(), size)};
    }
  }
  unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }

 private:
  static std::uint32_t fit(std::uint32_t value, unsigned size) {
    return size == 4 ? value : value & ((1u << 8 * size) - 1);
  }
  std::uint32_t random_value() {
    switch (pick(4)) {
      case 0:
        return 0x33333333u & static_cast<std::uint32_t>(random_());
      case 1:
        return pick(2) ? 0x33333333 : 0x11111111;
      default:
        return static_cast<std::uint32_t>(random_());
    }
  }
  std::uint32_t address() {
    constexpr std::uint8_t kInteresting[] = {0x58, 0x5c, 0x58, 0x5c, 0x70, 0x04, 0x0c, 0x3c, 0x60, 0xd0};
    switch (pick(16)) {
      case 0:
        return static_cast<std::uint32_t>(random_());
      case 1:
        return 0x80000000u | (static_cast<std::uint32_t>(random_()) & 0xffff);
      case 2:
      case 3:
        return 0x80000000u | pick(0x100);
      default:
        return 0x80000000u | kInteresting[pick(std::size(kInteresting))];
    }
  }
  std::mt19937_64 random_;
};

}  // namespace lowmeg
