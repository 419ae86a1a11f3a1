// A display device on PCI whose BIOS is in its expansion ROM, 1234:1111.
//
// After PCI Local Bus 2.1, 6.2.5.2 "Expansion ROM base address register", but for one thing: the ROM answers
// where the register says as soon as its enable bit is set, and does not ask for the command register's
// memory space bit. Bochs's devices are like that, and the Bochs BIOS copies the ROM before it sets that bit.
// Its legacy ports and text memory are VgaRegisters' and VgaText's, which do not ask for the command
// register. Left out: a frame buffer.
#pragma once

#include <vector>

#include "vmm/board/config_store.hpp"
#include "vmm/board/mmio_bus.hpp"

namespace vmm {

/// No threads, no locks: the machine serialises.
class PciVga final : public MovableMmio {
 public:
  /// The ROM's size is the next power of two, 2 KiB at least; what is left over reads FFh.
  explicit PciVga(std::vector<std::uint8_t> rom);

  void reset() { config_.reset(); }

  /// Its configuration space, for ConfigPorts.
  lowmeg::bridge::ConfigFunction& function() { return config_; }

  std::optional<lowmeg::GpaRange> place() const override;
  std::uint32_t read(std::uint32_t offset, unsigned size) override;
  void write(std::uint32_t, unsigned, std::uint32_t) override {}

 private:
  std::vector<std::uint8_t> rom_;
  std::vector<ConfigRegister> registers_;
  ConfigStore config_;
};

}  // namespace vmm
