// Guest memory as the effect of ranges wants it: the ROM images in RAM, where the policy's ranges find them.
#pragma once

#include "lowmeg/memory/memory_map.hpp"
#include "vmm/chipset/memory_chips.hpp"

namespace vmm {

/// What the guest sees where no RAM GPA range lies: RAM up to `ram_end`, but for the VGA window; there and
/// above it what answers on `bus`. RAM hides a device that is put under it, also where PAM says Mmio: the
/// ranges of that state are RAM themselves.
lowmeg::memory::MemoryMap base_map(const lowmeg::memory::Layout& bus, lowmeg::Gpa ram_end);

/// Puts the images where the effect of ranges wants them in guest RAM: the firmware's last 128 KiB (or fewer)
/// at rom_bios_offset + E0000-FFFFF, the VGA BIOS at C0000.
void place_images(MemoryChips& memory, lowmeg::Gpa rom_bios_offset);

}  // namespace vmm
