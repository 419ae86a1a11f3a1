// The serial port COM1 at 3F8h-3FFh: a 16550 that transmits.
//
// After the National PC16550D data sheet: a byte written to THR is sent at once, so LSR always says empty;
// the divisor, LCR, MCR, IER and scratch registers store; IIR tells the transmitter's interrupt to who polls.
// Left out: receiving, IRQ 4, the loop-back mode, and the time that a character takes.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/board/console_sink.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

/// No threads, no locks: the machine serialises.
class Com1 final : public PortDevice {
 public:
  static constexpr std::uint16_t kPorts = 0x3f8;

  /// Borrows the sink.
  explicit Com1(ConsoleSink& sink) : sink_(sink) {}

  void reset();

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  bool divisor_access() const;
  std::uint8_t read_iir();

  // Glue to the outside.
  ConsoleSink& sink_;

  // Volatile state: the registers by offset as written, and the divisor latch.
  std::array<std::uint8_t, 8> written_{};
  std::array<std::uint8_t, 2> divisor_{};
  bool transmitter_pending_ = false;
};

}  // namespace vmm
