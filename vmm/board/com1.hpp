// The serial port COM1 at 3F8h-3FFh with IRQ 4: a 16550.
//
// After the National PC16550D data sheet: a byte written to THR is sent at once, so LSR always says empty;
// the divisor, LCR, MCR, IER and scratch registers store; IIR tells of received data and of the empty
// transmitter, in this order, and while it does the line to IRQ 4 is high, if OUT2 opens it (IBM AT technical
// reference, serial adapter). What comes in waits at the other end until the guest reads RBR: the receiver
// never overruns, and a reset of its FIFO, as every driver begins with, drops nothing. Left out: the FIFO's
// trigger levels, the interrupts of line and modem status, the loop-back mode, and the time that a character
// takes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>

#include "vmm/board/console_sink.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class Com1 final : public PortDevice {
 public:
  static constexpr std::uint16_t kPorts = 0x3f8;
  static constexpr unsigned kIrq = 4;

  /// Borrows both.
  Com1(ConsoleSink& sink, InterruptLines& lines) : sink_(sink), lines_(lines) {}

  /// What was received and not read stays.
  void reset();
  /// Its volatile state, out or in, with what was received and not read. The line is its controller's.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

  /// Bytes from the other end, behind those that wait there.
  void receive(std::span<const std::uint8_t> bytes);
  /// The guest has read all of them.
  bool has_read_all() const { return received_.empty(); }

 private:
  bool divisor_access() const;
  std::uint8_t cause() const;
  std::uint8_t read_iir();
  std::uint8_t read_rbr();
  void settle();

  // Glue to the outside.
  ConsoleSink& sink_;
  InterruptLines& lines_;

  // Volatile state: the registers by offset as written, and the divisor latch.
  std::array<std::uint8_t, 8> written_{};
  std::array<std::uint8_t, 2> divisor_{};
  bool transmitter_pending_ = false;
  std::deque<std::uint8_t> received_;
  bool line_high_ = false;  // to IRQ 4
};

}  // namespace vmm
