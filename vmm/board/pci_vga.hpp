// A display device on PCI whose BIOS is in its expansion ROM, 1234:1111.
//
// After PCI Local Bus 2.1, 6.2.5.2 "Expansion ROM base address register", but for one thing: the ROM answers
// where the register says as soon as its enable bit is set, and does not ask for the command register's
// memory space bit. Bochs's devices are like that, and the Bochs BIOS copies the ROM before it sets that bit.
// Its legacy ports and text memory are VgaRegisters' and VgaText's, which do not ask for the command
// register. Left out: a frame buffer.
#pragma once

#include <atomic>
#include <vector>

#include "vmm/board/config_store.hpp"
#include "vmm/board/mmio_bus.hpp"

namespace vmm {

/// Two sides: its configuration space, and its memory. Each is called from one thread at a time, and the two
/// may be called at once, as by two CPUs.
class PciVga final : public MovableMmio, public lowmeg::bridge::ConfigFunction {
 public:
  /// The ROM's size is the next power of two, 2 KiB at least; what is left over reads FFh.
  explicit PciVga(std::vector<std::uint8_t> rom);

  void reset();

  // Configuration space.
  std::uint32_t read(std::uint8_t offset) override { return config_.read(offset); }
  lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables) override;

  // Memory.
  std::optional<lowmeg::GpaRange> place() const override;
  std::uint32_t read(std::uint32_t offset, unsigned size) override;
  void write(std::uint32_t, unsigned, std::uint32_t) override {}

 private:
  std::vector<std::uint8_t> rom_;
  std::vector<ConfigRegister> registers_;
  ConfigStore config_;
  std::atomic<std::uint32_t> rom_address_{0};  // the register, for the memory's side
};

}  // namespace vmm
