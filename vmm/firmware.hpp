// Image files from disk: firmware, VGA BIOS, floppy. Everything is checked here, before a machine exists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/chipset/guest_memory.hpp"

namespace vmm {

/// A system firmware: a power of two from 64 KiB to 1 MiB, as parallel flash parts of a PC come.
lowmeg::Result<Image> load_firmware(const std::string& path);
/// A VGA BIOS: starts with 55 AA, at most 48 KiB (C0000-CBFFF, what the Hyper-V table treats as VGA BIOS).
lowmeg::Result<Image> load_vga_bios(const std::string& path);
/// A floppy image: whole sectors, at most 2.88 MB.
lowmeg::Result<Image> load_floppy(const std::string& path);

}  // namespace vmm
