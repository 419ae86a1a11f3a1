// The keyboard controller 8042 at ports 60h (data) and 64h (status and command), with a keyboard that
// acknowledges.
//
// After the Intel 8042 data sheet (UPI-42) and the IBM PC AT technical reference, "Keyboard controller":
// self-tests, command byte, output port, and the pulse of its bit 0, which is INIT (RCIN# of the PIIX). Left
// out: scan codes and IRQ 1, because nobody types; a mouse (a byte sent to it vanishes).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>

#include "vmm/board/a20_gate.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class I8042 final : public PortDevice {
 public:
  static constexpr std::uint16_t kDataPort = 0x60;
  static constexpr std::uint16_t kCommandPort = 0x64;

  /// Borrows both.
  I8042(PowerControl& power, A20Gate& a20) : power_(power), a20_(a20) {}

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  void command(std::uint8_t value);
  void parameter(std::uint8_t command, std::uint8_t value);
  void keyboard(std::uint8_t value);
  void answer(std::initializer_list<std::uint8_t> bytes);
  void write_output_port(std::uint8_t value);
  void set_output_port(std::uint8_t value);

  // Glue to the outside.
  PowerControl& power_;
  A20Gate& a20_;

  // Volatile state. The power-on values are the AT's: keyboard clocked, output port with reset and A20 high.
  std::deque<std::uint8_t> output_;
  std::uint8_t last_ = 0;     // an empty buffer reads as the last byte
  std::uint8_t waiting_ = 0;  // the command whose parameter is next; 0: the keyboard gets it
  std::uint8_t command_byte_ = 0x61;
  std::uint8_t output_port_ = 0xcf;
  std::uint8_t status_ = 0x10;  // bit 4: not locked; bit 3: the last write was a command; bit 2: SYS
};

}  // namespace vmm
