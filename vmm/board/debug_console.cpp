#include "vmm/board/debug_console.hpp"

#include <fmt/format.h>

namespace vmm {

std::uint32_t BiosConsole::read(std::uint16_t port, unsigned size) {
  return port == kInfoPort && size == 1 ? 0xe9 : 0xffffffff >> (8 * (4 - size));
}

void BiosConsole::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  if (port < kInfoPort) {
    if (size == 1) return;  // a mark without text
    for (const char character : fmt::format("BIOS panic at line {}\n", value)) sink_.put(character);
    return;
  }
  for (unsigned i = 0; i < size; ++i) sink_.put(static_cast<char>(value >> (8 * i) & 0xff));
}

}  // namespace vmm
