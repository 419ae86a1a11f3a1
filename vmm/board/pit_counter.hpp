// One counter of the programmable interval timer 8254: count, mode, gate, output and latches.
//
// After the Intel 8254 data sheet (231164): modes 0 to 5, binary and BCD, read/write of low byte, high byte
// or both, counter latch and read-back. The value is computed from the time of the load instead of counted
// down. Left out: the one clock that a load takes, and the wait of modes 2 and 3 for the end of the period
// before a new count acts.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/board/interrupt_pin.hpp"

namespace vmm {

class Carrier;

/// Time is in ticks of the counter's clock, absolute, and never goes back. No threads, no locks.
class PitCounter {
 public:
  /// Power-on, undefined by the data sheet: here GATE and OUT are high, mode 3, and there is no count.
  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  /// A control word for this counter with RW not 00 (data sheet, figure 7): bits 5:4 RW, 3:1 mode, 0 BCD.
  void write_control(std::uint8_t control);
  void write(std::uint64_t now, std::uint8_t value);
  std::uint8_t read(std::uint64_t now);
  void latch_count(std::uint64_t now);
  void latch_status(std::uint64_t now);
  void set_gate(std::uint64_t now, Level gate);

  Level out(std::uint64_t now) const;
  /// The tick of the next rise of OUT after `now`, when the gate stays as it is.
  std::optional<std::uint64_t> next_rise(std::uint64_t now) const;

 private:
  enum class Access : std::uint8_t { kLow = 1, kHigh = 2, kBoth = 3 };

  bool periodic() const { return mode_ == 2 || mode_ == 3; }
  void load(std::uint64_t now, std::uint16_t value);
  std::uint64_t elapsed(std::uint64_t now) const;
  std::uint64_t remaining(std::uint64_t now) const;
  std::uint16_t count(std::uint64_t now) const;

  // Volatile state.
  unsigned mode_ = 3;
  Access access_ = Access::kBoth;
  bool bcd_ = false;
  Level gate_ = Level::kHigh;
  std::uint64_t period_ = 0x10000;           // the count as a number, 1 to 65536
  std::optional<std::uint64_t> start_;       // when counting began; none: no count yet, or no trigger
  std::optional<std::uint64_t> held_;        // ticks done when the gate stopped it
  std::optional<std::uint8_t> written_low_;  // first byte of two
  std::optional<std::uint8_t> status_latch_;
  std::optional<std::uint16_t> count_latch_;
  bool read_high_ = false;
};

}  // namespace vmm
