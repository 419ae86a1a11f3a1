// The gate of address line 20: what drives the processor's A20M# pin.
//
// After the PIIX4 data sheet (290562), A20M#, and the PIIX3's (290550): the line is open when port 92h bit 1
// (FAST_A20) or the keyboard controller's output port bit 1 (A20GATE) is high. At power-on and after a reset
// it is open: the 8042's outputs are high then, while port 92h reads 0. INIT does not move it. Left out: a
// pulse of the output port's bit 1 (keyboard command FxH with bit 1 low), which would close it for 6 us.
#pragma once

#include "vmm/board/interrupt_pin.hpp"

namespace vmm {

class Carrier;

/// The processor's side. A20M# masks bit 20 of the addresses that the *CPU* puts out (SDM volume 3, 20.1.1):
/// a bus master's are untouched.
class A20Pin {
 public:
  virtual ~A20Pin() = default;
  /// kHigh: the gate is open, addresses are whole. Called when it changes, from within port accesses and
  /// resets; acts from the next instruction on at the latest. Open before the first call.
  virtual void set_a20(Level level) = 0;
};

/// No threads, no locks: the machine serialises.
class A20Gate {
 public:
  enum class Input { kKeyboard, kPort92 };

  /// Borrows the pin.
  explicit A20Gate(A20Pin& pin) : pin_(pin) {}
  /// What drives it, out or in; in drives the pin.
  void carry(Carrier& carrier);

  void drive(Input input, Level level) {
    const Level before = output();
    (input == Input::kKeyboard ? keyboard_ : port92_) = level;
    if (output() != before) pin_.set_a20(output());
  }

 private:
  Level output() const {
    return keyboard_ == Level::kHigh || port92_ == Level::kHigh ? Level::kHigh : Level::kLow;
  }

  A20Pin& pin_;
  Level keyboard_ = Level::kHigh;
  Level port92_ = Level::kLow;
};

}  // namespace vmm
