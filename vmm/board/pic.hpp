// The board's two interrupt controllers: IRQ 0-7 at ports 20h/21h, IRQ 8-15 at A0h/A1h behind IRQ 2, and the
// edge/level control registers ELCR1 and ELCR2 at 4D0h/4D1h.
//
// After the PIIX3 data sheet (290550), interrupt controller registers; the chips are I8259.
// Spurious interrupts: a master without a request answers its IR7. IR15 does not come, because the two INTA
// cycles are one here and no request falls between them.
#pragma once

#include <cstdint>

#include "vmm/board/i8259.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class Pic final : public PortDevice, public InterruptLines {
 public:
  static constexpr std::uint16_t kMasterPorts = 0x20;
  static constexpr std::uint16_t kSlavePorts = 0xa0;
  static constexpr std::uint16_t kElcrPorts = 0x4d0;

  /// Borrows the pin.
  explicit Pic(InterruptPin& intr) : intr_(intr) {}

  void reset();
  /// Its volatile state, out or in; in drives the pin.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

  /// `irq` 0-15 but 2, which is the cascade; others are ignored.
  void raise(unsigned irq) override { set_line(irq, Level::kHigh); }
  void lower(unsigned irq) override { set_line(irq, Level::kLow); }

  Level intr() const { return level_; }

  /// The processor's INTA cycle: the interrupt's vector. Always answers: with IR7's when the
  /// request has gone.
  std::uint8_t acknowledge();

 private:
  void set_line(unsigned irq, Level level);
  void settle();

  // Glue to the outside.
  InterruptPin& intr_;

  // Sub-devices.
  I8259 master_{I8259::Role::kMaster};
  I8259 slave_{I8259::Role::kSlave};

  // Volatile state.
  Level level_ = Level::kLow;
};

}  // namespace vmm
