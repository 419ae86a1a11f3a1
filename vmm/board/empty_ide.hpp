// The two IDE channels at 1F0h-1F7h and 3F6h, 170h-177h and 376h, with no drive on their cables.
//
// After ATA-3 (X3T10/2008D), pull-up and pull-down resistors: the host pulls data line DD7 down, so that a
// channel without drives does not show BSY, which is bit 7 of the status; nobody drives the other lines, and
// they float high. So each byte register reads 7Fh, status and alternate status among them, and the data
// register FF7Fh. Writes vanish. 3F7h and 377h are nobody's: the drive address register is a drive's own.
// Left out: drives, and the PIIX's registers that turn the channels off.
#pragma once

#include <cstdint>

#include "vmm/board/port_device.hpp"

namespace vmm {

/// No state, no threads, no locks. Serves both channels.
class EmptyIde final : public PortDevice {
 public:
  /// Eight ports each, the data register first.
  static constexpr std::uint16_t kCommandBlocks[] = {0x1f0, 0x170};
  /// One port each: alternate status.
  static constexpr std::uint16_t kControlBlocks[] = {0x3f6, 0x376};

  std::uint32_t read(std::uint16_t port, unsigned size) override {
    const bool is_data = port == kCommandBlocks[0] || port == kCommandBlocks[1];
    // The data register is 16 bits wide: a dword cycle there is two words.
    const std::uint32_t lines = is_data ? 0xff7fff7f : 0x7f7f7f7f;
    return size == 4 ? lines : lines & ((1u << (8 * size)) - 1);
  }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t /*value*/) override {}
};

}  // namespace vmm
