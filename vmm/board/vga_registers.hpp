// The registers of a VGA card at 3B0h-3BBh and 3C0h-3DFh: they store, and that is what a VGA BIOS needs of
// them.
//
// After the IBM VGA technical reference, "VGA function": miscellaneous output, sequencer, graphics and
// attribute controllers, DAC palette, and the CRT controller at 3D4h or (miscellaneous output bit 0 clear)
// 3B4h. The retrace bits toggle at each read of the input status register, so that a wait for either ends.
// Left out: every effect but the ones VgaText asks for (text start, memory map, graphics mode); write
// protection of CRTC 0-7; the Bochs VBE ports 1CEh and 1CFh, which read all ones and so are absent.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/board/port_device.hpp"
#include "vmm/board/vga_dac.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class VgaRegisters final : public PortDevice {
 public:
  static constexpr std::uint16_t kMonoPorts = 0x3b0, kMonoCount = 12;
  static constexpr std::uint16_t kPorts = 0x3c0, kCount = 32;

  enum class Display { kText, kGraphics };
  /// The parts of A0000-BFFFF that answer (graphics controller 6, bits 3:2).
  enum class MemoryMap { kAll, kA0000, kB0000, kB8000 };

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

  /// Where on the screen's memory the picture starts, in characters (CRTC 0Ch, 0Dh).
  std::uint16_t start() const;
  Display display() const;
  MemoryMap memory_map() const;

 private:
  // A register set behind an index and a data port.
  struct Indexed {
    std::uint8_t index = 0;
    std::array<std::uint8_t, 256> data{};
    std::uint8_t& selected() { return data[index]; }
  };
  Indexed* indexed_at(std::uint16_t port);
  bool crtc_answers(std::uint16_t port) const;
  std::uint8_t read_status1();
  void write_attribute(std::uint8_t value);

  // Volatile state.
  Indexed crtc_, sequencer_, graphics_, attribute_;
  VgaDac dac_;
  std::uint8_t misc_ = 0;
  std::uint8_t feature_ = 0;
  std::uint8_t enable_ = 0;
  std::uint8_t status1_ = 0;
  bool attribute_data_ = false;  // the flip-flop of 3C0h: the next write is data
};

}  // namespace vmm
