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

/// A part of the ROM bytes.
struct RomPart {
  std::uint64_t offset = 0;  ///< a page boundary
  std::uint64_t size = 0;    ///< whole pages
};

struct MemoryChips {
  /// RAM of zeros, ROM with the images in it; `card_roms` are the expansion ROMs of cards.
  static lowmeg::Result<MemoryChips> create(const MemoryConfig& config,
                                            std::span<const Image> card_roms = {});

  std::span<const std::uint8_t> bytes(const RomPart& part) const {
    return rom.bytes().subspan(part.offset, part.size);
  }

  lowmeg::memory::Backing ram;
  lowmeg::memory::Backing rom;  ///< the firmware, then from vga_bios_offset the VGA BIOS, then cards' ROMs
  std::uint64_t firmware_size;
  std::uint64_t vga_bios_offset;  ///< a page boundary
  std::uint64_t vga_bios_size;    ///< whole pages, filled up with FFh; 0: none
  /// As long as a base address register can tell: the next power of two from a page on, filled up with FFh.
  std::vector<RomPart> card_roms;
};

}  // namespace vmm
