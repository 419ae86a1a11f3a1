#include "lowmeg/state/utf8.hpp"

#include <algorithm>
#include <array>

namespace lowmeg::state {
namespace {

// Table 3-7 "Well-Formed UTF-8 Byte Sequences": the first byte decides how many follow and which the second
// may be; any further one is 80h-BFh.
struct Sequence {
  std::uint8_t first_low, first_high;
  std::size_t size;
  std::uint8_t second_low, second_high;
};
constexpr std::array<Sequence, 9> kSequences{{
    {0x00, 0x7f, 1, 0x00, 0x00},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},  // no overlong form
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},  // no surrogate
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},  // no overlong form
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},  // not above 10FFFFh
}};

constexpr bool within(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return byte >= low && byte <= high;
}

// The size of the sequence that `bytes` begins with, or 0.
std::size_t sequence_size(Bytes bytes) {
  const auto row = std::ranges::find_if(
      kSequences, [&](const Sequence& s) { return within(bytes[0], s.first_low, s.first_high); });
  if (row == kSequences.end() || bytes.size() < row->size) return 0;
  if (row->size > 1 && !within(bytes[1], row->second_low, row->second_high)) return 0;
  for (std::size_t i = 2; i < row->size; ++i) {
    if (!within(bytes[i], 0x80, 0xbf)) return 0;
  }
  return row->size;
}

}  // namespace

bool is_utf8(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t size = sequence_size(bytes);
    if (size == 0) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

}  // namespace lowmeg::state
