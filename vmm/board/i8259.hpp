// One programmable interrupt controller 8259A: eight requests, their mask, service and priorities.
//
// After the Intel 8259A data sheet (231468): ICW1-ICW4, OCW1-OCW3, fixed and rotating priority, specific and
// non-specific EOI, automatic EOI, special mask and special fully nested mode, poll. Edge or level by input,
// as the PIIX3 data sheet (290550) replaces ICW1's LTIM by the ELCR. Left out: MCS-80/85 mode (a vector is
// always one byte) and the buffered mode's pins. An edge stays latched until it is acknowledged, even when
// its line falls before (the silicon would answer IR7 then).
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/board/interrupt_pin.hpp"

namespace vmm {

class Carrier;

/// A chip without its wiring; Pic joins two. No threads, no locks.
class I8259 {
 public:
  /// Which chip of the pair: the master knows which input its slave sits at.
  enum class Role { kMaster, kSlave };

  explicit I8259(Role role) : role_(role) {}

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);
  void set_line(unsigned input, Level level);

  /// The command port (A0 = 0) and the data port (A0 = 1). A read in poll mode acknowledges.
  std::uint8_t read_command();
  std::uint8_t read_data();
  void write_command(std::uint8_t value);
  void write_data(std::uint8_t value);

  /// Edge/level control: bit i set makes input i level-triggered.
  std::uint8_t elcr() const { return elcr_; }
  void set_elcr(std::uint8_t value);

  /// INT: some unmasked request outranks what is in service.
  Level intr() const { return winner() ? Level::kHigh : Level::kLow; }

  /// The INTA cycle: the input taken into service, or none when the request has gone (a spurious interrupt).
  std::optional<unsigned> take();
  /// The vector of an input; of input 7 for a spurious one.
  std::uint8_t vector(std::optional<unsigned> input) const;

 private:
  enum class Expect { kOcw1, kIcw2, kIcw3, kIcw4 };

  std::uint8_t requests() const;
  std::optional<unsigned> winner() const;
  std::optional<unsigned> highest(unsigned bits) const;
  void write_icw1(std::uint8_t value);
  void write_ocw2(std::uint8_t value);
  void write_ocw3(std::uint8_t value);
  void end_of_interrupt(std::optional<unsigned> input);

  Role role_;

  // Volatile state.
  std::uint8_t irr_ = 0;    // latched edges
  std::uint8_t lines_ = 0;  // the inputs as they are
  std::uint8_t isr_ = 0;
  std::uint8_t imr_ = 0xff;  // undefined at power-on; closed here
  std::uint8_t elcr_ = 0;
  std::uint8_t icw1_ = 0;
  std::uint8_t icw2_ = 0;
  std::uint8_t icw4_ = 0;
  std::uint8_t lowest_ = 7;  // the input of lowest priority
  Expect expect_ = Expect::kOcw1;
  bool read_isr_ = false;
  bool poll_ = false;
  bool special_mask_ = false;
  bool rotate_on_auto_eoi_ = false;
};

}  // namespace vmm
