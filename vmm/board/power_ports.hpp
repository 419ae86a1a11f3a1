// The three ways in which a guest of emulators turns the machine off.
//
// After QEMU's isa-debug-exit (a byte v to 501h: exit status 2v + 1), Bochs (the text "Shutdown" to 8900h)
// and the PM1a control block where firmware for newer QEMU keeps it (a word 2000h, SLP_EN with type 0, to
// 604h; ACPI 4.8.3.2). Everything else written there is ignored, and they read all ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class PowerPorts final : public PortDevice {
 public:
  static constexpr std::uint16_t kExitPort = 0x501;        // placed as a byte
  static constexpr std::uint16_t kPm1ControlPort = 0x604;  // placed as a word
  static constexpr std::uint16_t kShutdownPort = 0x8900;   // placed as a byte

  /// Borrows the power control.
  explicit PowerPorts(PowerControl& power) : power_(power) {}

  void reset() { matched_ = 0; }
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t /*port*/, unsigned size) override {
    return 0xffffffff >> (8 * (4 - size));
  }
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  void match(char character);

  PowerControl& power_;
  std::size_t matched_ = 0;  // characters of "Shutdown" so far
};

}  // namespace vmm
