// The memory of a VGA card at A0000-BFFFF, and the text on its screen.
//
// After the IBM VGA technical reference, "Display memory": in text modes the picture lies at B8000 (or
// B0000), two bytes a character, from the start address of the CRT controller. The memory stores 128 KiB
// flat. Left out: planes and the graphics controller's data path (so a font loaded through A0000 stays
// there), attributes, cursor, other sizes than 80 x 25.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lowmeg/core/gpa.hpp"
#include "vmm/board/mmio_bus.hpp"
#include "vmm/board/vga_registers.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class VgaText final : public MmioDevice {
 public:
  static constexpr lowmeg::GpaRange kRange{0xa0000, 0xc0000};

  /// Borrows the registers.
  explicit VgaText(const VgaRegisters& registers) : registers_(registers), memory_(kRange.size()) {}

  void reset();
  /// The memory, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint32_t offset, unsigned size) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value) override;

  /// The screen as 25 lines, each without the blanks at its end, the blank ones at the bottom left out; lines
  /// end with
  /// "\n". A character that is not printable ASCII shows as a blank. Empty in a graphics mode.
  std::string text() const;

 private:
  std::string line(std::uint32_t base, unsigned row) const;

  // Glue to the outside.
  const VgaRegisters& registers_;

  // Volatile state.
  std::vector<std::uint8_t> memory_;
};

}  // namespace vmm
