// What answers on the board's buses, for the address decoder.
#pragma once

#include "lowmeg/decode/address_decoder.hpp"
#include "lowmeg/memory/claims.hpp"
#include "vmm/chipset/memory_chips.hpp"

namespace vmm {

/// A ROM chip on the ISA bus: where it answers, and its bytes.
struct RomChip {
  lowmeg::GpaRange range;
  RomPart bytes;
};

/// The firmware up to 4 GiB, its last 128 KiB up to FFFFF, and an ISA card's VGA BIOS at C0000.
std::vector<RomChip> rom_chips(const MemoryChips& memory);

/// PCI: what cards claim, the first on top; else, as the PIIX decodes subtractively, the ISA bus behind it:
/// the VGA window and the ROM chips; else nobody. From 1 MiB on also the bus where nobody is. At
/// FEC00000-FEFFFFFF (APICs, and what an accelerator keeps for itself) no bytes, only the bus. AGP: nobody.
lowmeg::decode::BusMap board_bus_map(const MemoryChips& memory,
                                     std::span<const lowmeg::memory::Claim> claims);

}  // namespace vmm
