#include "vmm/chipset/memory_chips.hpp"

#include <algorithm>
#include <bit>

namespace vmm {

using lowmeg::kPageSize;
using lowmeg::Result;
using lowmeg::memory::Backing;

Result<MemoryChips> MemoryChips::create(const MemoryConfig& config, std::span<const Image> card_roms) {
  const std::uint64_t vga_bios_size =
      config.vga_bios ? (config.vga_bios->size() + kPageSize - 1) / kPageSize * kPageSize : 0;
  std::uint64_t rom_size = config.firmware.size() + vga_bios_size;
  std::vector<RomPart> parts;
  for (const Image& image : card_roms) {
    parts.push_back({rom_size, std::bit_ceil(std::max<std::uint64_t>(image.size(), kPageSize))});
    rom_size += parts.back().size;
  }
  Result<Backing> ram = Backing::create("lowmeg-ram", config.ram_size);
  if (!ram) return tl::unexpected(ram.error());
  Result<Backing> rom = Backing::create("lowmeg-rom", rom_size);
  if (!rom) return tl::unexpected(rom.error());

  std::ranges::fill(rom->bytes(), std::uint8_t{0xff});
  std::ranges::copy(config.firmware, rom->bytes().begin());
  if (config.vga_bios)
    std::ranges::copy(*config.vga_bios, rom->bytes().subspan(config.firmware.size()).begin());
  for (std::size_t i = 0; i < parts.size(); ++i)
    std::ranges::copy(card_roms[i], rom->bytes().subspan(parts[i].offset).begin());
  return MemoryChips{std::move(*ram),        std::move(*rom), config.firmware.size(),
                     config.firmware.size(), vga_bios_size,   std::move(parts)};
}

}  // namespace vmm
