// Image files from disk: firmware, option ROMs, floppy. Everything is checked here, before a machine exists.
//
// An option ROM is what PC firmware takes for one (Plug and Play BIOS specification 1.0A, 2.2): 55 AA, its
// length in blocks of 512 bytes, and over this length a sum of 0. What lies behind its length is given along.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lowmeg/core/event_sink.hpp"
#include "vmm/board/board.hpp"
#include "vmm/chipset/memory_chips.hpp"

namespace vmm {

/// A system firmware: a power of two from 64 KiB to 1 MiB, as parallel flash parts of a PC come.
lowmeg::Result<Image> load_firmware(const std::string& path);
/// Where the card sits that a VGA BIOS comes with.
enum class VgaBus { kIsa, kPci };
/// An option ROM. On ISA of at most 48 KiB (C0000-CBFFF, what the Hyper-V table treats as VGA BIOS), as an
/// expansion ROM on PCI of at most 128 KiB (C0000-DFFFF, where firmware copies it).
lowmeg::Result<Image> load_vga_bios(const std::string& path, VgaBus bus);
/// An option ROM of at most 128 KiB (C0000-DFFFF), under its file's name.
lowmeg::Result<OptionRom> load_option_rom(const std::string& path);
/// A kernel, and maybe an initrd, with a command line: checked as far as can be without a machine.
struct LinuxPaths {
  std::string kernel, initrd, append;
};
lowmeg::Result<LinuxFiles> load_linux(const LinuxPaths& paths);
/// The option ROM that starts them, linuxboot_dma.bin of QEMU's data files.
lowmeg::Result<OptionRom> load_linux_loader(const std::string& path = "/usr/share/qemu/linuxboot_dma.bin");
/// A floppy image: whole sectors, at most 2880 KiB. A size that no disk has is filled up with zeros to the
/// next that one has, and an event says so.
lowmeg::Result<Image> load_floppy(const std::string& path, lowmeg::EventSink& events);

/// What this firmware writes to its console when it has found nothing to boot; empty for what is not known.
/// SeaBIOS alone is: it is told by its banner, "SeaBIOS (version", which the image contains as it is.
std::string text_at_the_end(const Image& firmware);

}  // namespace vmm
