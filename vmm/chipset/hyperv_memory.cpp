#include "vmm/chipset/hyperv_memory.hpp"

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

lowmeg::memory::MemoryMap base_map(std::uint64_t ram_size, std::uint64_t rom_size) {
  const Gpa top = kWindow.end();
  const lowmeg::memory::Region regions[] = {
      {GpaRange(0, kVgaStart), lowmeg::memory::ram_routes(0)},
      {GpaRange(kVgaStart, kVgaEnd), lowmeg::memory::bus_routes()},
      {GpaRange(kVgaEnd, ram_size), lowmeg::memory::ram_routes(kVgaEnd)},
      {GpaRange(top - rom_size, top), lowmeg::memory::rom_routes(0)},
  };
  // Memory may reach up to where the ROM begins: then the ROM hides its end.
  const lowmeg::memory::Layout ram(kWindow, std::span(regions).first(3));
  return lowmeg::memory::MemoryMap::uniform(ram.overlaid(std::span(regions).last(1)));
}

void place_images(GuestMemory& memory, Gpa rom_bios_offset) {
  const std::span<const std::uint8_t> rom = memory.rom.bytes();
  const auto ram = memory.ram.bytes();
  const std::uint64_t shown = std::min<std::uint64_t>(memory.firmware_size, 128 * 1024);
  std::ranges::copy(rom.subspan(memory.firmware_size - shown, shown),
                    ram.subspan(rom_bios_offset + kMiB - shown).begin());
  std::ranges::copy(rom.subspan(memory.vga_bios_offset, memory.vga_bios_size), ram.subspan(kVgaBios).begin());
}

}  // namespace vmm
