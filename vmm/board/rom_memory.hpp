// ROM bytes as a device on the bus: what a guest's map shows in place, for the pages that it cannot.
//
// A card's memory may share a page with a ROM chip; the page then goes to the bus, byte by byte.
#pragma once

#include "vmm/board/little_endian.hpp"
#include "vmm/board/mmio_bus.hpp"

namespace vmm {

class RomMemory final : public MmioDevice {
 public:
  /// Borrows the bytes.
  explicit RomMemory(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint32_t read(std::uint32_t offset, unsigned size) override {
    return load_little_endian(bytes_, offset, size);
  }
  void write(std::uint32_t, unsigned, std::uint32_t) override {}

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace vmm
