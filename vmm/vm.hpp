// The host's part of the machine: guest memory, and the GET host that changes what the guest sees of it.
//
// It lives as long as the VM; bridge and adjuster (the paravisor's part) may go and come again above it.
#pragma once

#include <memory>
#include <optional>

#include "lowmeg/get/host.hpp"
#include "lowmeg/memory/soft_mapper.hpp"
#include "vmm/firmware.hpp"

namespace vmm {

struct VmConfig {
  std::uint64_t ram_size = 64ull << 20;  ///< bytes, whole MiB, 2 MiB or more, below 4 GiB
  Image firmware;
  std::optional<Image> vga_bios;
};

class Vm {
 public:
  /// Builds memory, places the images and commits the base map. The sink is borrowed.
  static lowmeg::Result<std::unique_ptr<Vm>> create(const VmConfig& config, lowmeg::EventSink& events);

  const lowmeg::memory::SoftMapper& mapper() const { return *mapper_; }
  lowmeg::get::Host& host() { return *host_; }
  std::span<const std::uint8_t> ram() const { return ram_.bytes(); }
  /// Where the ROM images' first mebibyte lies in RAM.
  lowmeg::Gpa rom_bios_offset() const { return rom_bios_offset_; }

 private:
  Vm(lowmeg::memory::Backing ram, lowmeg::memory::Backing rom, lowmeg::Gpa rom_bios_offset)
      : ram_(std::move(ram)), rom_(std::move(rom)), rom_bios_offset_(rom_bios_offset) {}
  lowmeg::Result<void> start(const VmConfig& config, lowmeg::EventSink& events);

  lowmeg::memory::Backing ram_;
  lowmeg::memory::Backing rom_;
  lowmeg::Gpa rom_bios_offset_;
  std::unique_ptr<lowmeg::memory::SoftMapper> mapper_;
  std::unique_ptr<lowmeg::get::Host> host_;
};

/// What the guest sees where no RAM GPA range lies: RAM with the VGA window on the bus, ROM below 4 GiB, else
/// bus.
lowmeg::memory::MemoryMap base_map(std::uint64_t ram_size, std::uint64_t rom_size);

/// Puts the images where Hyper-V's way wants them in guest RAM: the firmware's last 128 KiB (or fewer) at
/// rom_bios_offset + E0000-FFFFF, the VGA BIOS at C0000.
void place_images(std::span<std::uint8_t> ram, const Image& firmware, const std::optional<Image>& vga_bios,
                  lowmeg::Gpa rom_bios_offset);

}  // namespace vmm
