// What a board device shows the machine: I/O ports, and what it needs in return: time, an interrupt line,
// power.
//
// Devices have no threads and no locks: the machine calls them from one thread at a time.
#pragma once

#include <cstdint>

#include "vmm/board/reset_cause.hpp"

namespace vmm {

/// Answers I/O cycles at the ports it was placed at. Whatever the guest does is defined: what a device does
/// not know reads as all ones and a write to it vanishes.
class PortDevice {
 public:
  virtual ~PortDevice() = default;

  /// A bus cycle: `size` bytes from `port` on, all within one dword; never more than the width the device was
  /// placed with. 1 or 2, for a dword device also 3 or 4. The value is zero-extended.
  virtual std::uint32_t read(std::uint16_t port, unsigned size) = 0;
  virtual void write(std::uint16_t port, unsigned size, std::uint32_t value) = 0;
};

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

/// The machine's time. With a deterministic machine it is a function of the instructions executed.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since power-on.
  virtual std::uint64_t now_ns() const = 0;
};

/// An interrupt line of the board (IRQ 0-15), edge-triggered as ISA has it.
class InterruptLines {
 public:
  virtual ~InterruptLines() = default;
  virtual void raise(unsigned irq) = 0;
  virtual void lower(unsigned irq) = 0;
};

/// Hears of an access that took long, so that the machine can look at its deadline.
class Patience {
 public:
  virtual ~Patience() = default;
  virtual void took_long() = 0;
};

/// What the guest can ask of the machine as a whole. Both take effect after the instruction in hand.
class PowerControl {
 public:
  virtual ~PowerControl() = default;
  virtual void power_off(int exit_status) = 0;
  virtual void reset(const ResetCause& cause) = 0;
};

}  // namespace vmm
