// Guest memory as Hyper-V's way wants it: the ROM images in RAM, where the ranges of the policy find them.
#pragma once

#include "vmm/chipset/guest_memory.hpp"

namespace vmm {

/// What the guest sees where no RAM GPA range lies: RAM with the VGA window on the bus, ROM below 4 GiB, else
/// bus.
lowmeg::memory::MemoryMap base_map(std::uint64_t ram_size, std::uint64_t rom_size);

/// Puts the images where Hyper-V's way wants them in guest RAM: the firmware's last 128 KiB (or fewer) at
/// rom_bios_offset + E0000-FFFFF, the VGA BIOS at C0000.
void place_images(GuestMemory& memory, lowmeg::Gpa rom_bios_offset);

}  // namespace vmm
