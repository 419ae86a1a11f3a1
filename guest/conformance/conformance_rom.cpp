#include "guest/conformance/conformance_rom.hpp"

extern "C" {
extern const std::uint8_t lowmeg_conformance_rom[];
extern const std::uint8_t lowmeg_conformance_rom_end[];
}

namespace guest {

std::span<const std::uint8_t> conformance_rom() {
  return {lowmeg_conformance_rom, lowmeg_conformance_rom_end};
}

}  // namespace guest
