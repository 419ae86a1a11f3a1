// The programmable interval timer 8254 at ports 40h-43h and port 61h, the gate and output of its third
// counter.
//
// After the Intel 8254 data sheet (231164) and the PIIX3 data sheet (290550), timer and NMISC (NMI
// status and control, port 61h). OUT of counter 0 is IRQ 0; counter 1 was the refresh, whose trace is bit 4
// of port 61h; counter 2 is the speaker. The counters are PitCounter. Left out: sound, parity and IOCHK#
// errors (their bits read 0).
#pragma once

#include <array>
#include <cstdint>

#include "vmm/board/pit_counter.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises, and calls advance() when next_event_ns() has come.
class Pit final : public PortDevice {
 public:
  static constexpr std::uint16_t kPorts = 0x40;
  static constexpr std::uint16_t kControlB = 0x61;
  static constexpr std::uint64_t kHertz = 1193182;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  /// Borrows both.
  Pit(const Clock& clock, InterruptLines& lines);

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

  /// When OUT of counter 0 next rises, in the Clock's nanoseconds; kNever when it will not by itself.
  std::uint64_t next_event_ns() const;
  /// Raises IRQ 0 for the rises of OUT up to now: once, however many were missed.
  void advance();

 private:
  std::uint64_t now() const;
  void write_control(std::uint8_t value);
  void show_out0();
  std::uint8_t read_control_b() const;
  void write_control_b(std::uint8_t value);

  // Glue to the outside.
  const Clock& clock_;
  InterruptLines& lines_;

  // Sub-devices.
  std::array<PitCounter, 3> counters_;

  // Volatile state.
  std::uint64_t seen_ = 0;      // rises of OUT up to this tick are delivered
  Level out0_ = Level::kHigh;   // IRQ 0 as last driven
  std::uint8_t control_b_ = 0;  // bits 3:0 of port 61h
};

}  // namespace vmm
