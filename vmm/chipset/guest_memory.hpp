// The VM's bytes: RAM, and the ROM chips' contents. Who sees them where is the chipset's matter.
#pragma once

#include <memory>
#include <optional>

#include "lowmeg/memory/backing.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace vmm {

/// All that a map of the machine covers: below 4 GiB.
inline constexpr lowmeg::GpaRange kWindow{0, 1ull << 32};

using Image = std::vector<std::uint8_t>;

struct MemoryConfig {
  std::uint64_t ram_size = 64ull << 20;  ///< bytes, whole MiB, 2 MiB or more, below 4 GiB
  Image firmware;
  std::optional<Image> vga_bios;  ///< of the VGA card on the ISA bus; none: no such card
};

struct GuestMemory {
  /// RAM of zeros, ROM with the images in it.
  static lowmeg::Result<GuestMemory> create(const MemoryConfig& config);

  lowmeg::memory::Backing ram;
  lowmeg::memory::Backing rom;  ///< the firmware, then from vga_bios_offset the VGA BIOS
  std::uint64_t firmware_size;
  std::uint64_t vga_bios_offset;  ///< a page boundary
  std::uint64_t vga_bios_size;    ///< whole pages, filled up with FFh; 0: none
};

}  // namespace vmm
