#include "vmm/chipset/guest_memory.hpp"

#include <algorithm>

namespace vmm {

using lowmeg::kPageSize;
using lowmeg::Result;
using lowmeg::memory::Backing;

Result<GuestMemory> GuestMemory::create(const MemoryConfig& config) {
  const std::uint64_t vga_bios_size =
      config.vga_bios ? (config.vga_bios->size() + kPageSize - 1) / kPageSize * kPageSize : 0;
  Result<Backing> ram = Backing::create("lowmeg-ram", config.ram_size);
  if (!ram) return tl::unexpected(ram.error());
  Result<Backing> rom = Backing::create("lowmeg-rom", config.firmware.size() + vga_bios_size);
  if (!rom) return tl::unexpected(rom.error());

  std::ranges::fill(rom->bytes(), std::uint8_t{0xff});
  std::ranges::copy(config.firmware, rom->bytes().begin());
  if (config.vga_bios)
    std::ranges::copy(*config.vga_bios, rom->bytes().subspan(config.firmware.size()).begin());
  return GuestMemory{std::move(*ram), std::move(*rom), config.firmware.size(), config.firmware.size(),
                     vga_bios_size};
}

}  // namespace vmm
