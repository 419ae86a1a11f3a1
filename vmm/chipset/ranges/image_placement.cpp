#include "vmm/chipset/ranges/image_placement.hpp"

#include <algorithm>

namespace vmm {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;

constexpr Gpa kVgaStart = 0xa0000;
constexpr Gpa kVgaEnd = 0xc0000;
constexpr Gpa kVgaBios = 0xc0000;
constexpr Gpa kMiB = 0x100000;

}  // namespace

lowmeg::memory::MemoryMap base_map(const lowmeg::memory::Layout& bus, Gpa ram_end) {
  const lowmeg::memory::Region ram[] = {
      {GpaRange(0, kVgaStart), lowmeg::memory::ram_routes(0)},
      {GpaRange(kVgaEnd, ram_end), lowmeg::memory::ram_routes(kVgaEnd)},
  };
  return lowmeg::memory::MemoryMap::uniform(bus.overlaid(ram));
}

void place_images(MemoryChips& memory, Gpa rom_bios_offset) {
  const std::span<const std::uint8_t> rom = memory.rom.bytes();
  const auto ram = memory.ram.bytes();
  const std::uint64_t shown = std::min<std::uint64_t>(memory.firmware_size, 128 * 1024);
  std::ranges::copy(rom.subspan(memory.firmware_size - shown, shown),
                    ram.subspan(rom_bios_offset + kMiB - shown).begin());
  std::ranges::copy(rom.subspan(memory.vga_bios_offset, memory.vga_bios_size), ram.subspan(kVgaBios).begin());
}

}  // namespace vmm
