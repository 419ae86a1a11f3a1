#include "vmm/self_jump.hpp"

#include <algorithm>

namespace vmm {

bool may_jump_to_itself(std::span<const std::uint8_t> bytes, std::uint64_t ip) {
  constexpr std::uint8_t kPrefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  const auto is_prefix = [&](std::uint8_t byte) {
    return std::ranges::find(kPrefixes, byte) != std::end(kPrefixes);
  };
  while (!bytes.empty() && is_prefix(bytes.front())) bytes = bytes.subspan(1);
  if (bytes.size() < 3) return true;  // not known
  const std::uint8_t opcode = bytes[0];
  if (opcode == 0xea) return (bytes[1] | bytes[2] << 8) == static_cast<int>(ip & 0xffff);
  if (opcode == 0x0f) return (bytes[1] & 0xf0) == 0x80;
  return (opcode & 0xf0) == 0x70 || (opcode >= 0xe0 && opcode <= 0xe3) || opcode == 0xe9 || opcode == 0xeb ||
         opcode == 0xff;
}

}  // namespace vmm
