// System control port A at 92h: A20 and fast reset.
//
// After the IBM PS/2 technical reference and the PIIX4 data sheet (290562), P92: bit 1 is the alternate A20
// gate, a rise of bit 0 is INIT, which leaves this register as it is: for another one bit 0 is cleared first.
// Left out: the lights and the password lock of the upper bits, which read back too.
#pragma once

#include <cstdint>

#include "vmm/board/a20_gate.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class Port92 final : public PortDevice {
 public:
  static constexpr std::uint16_t kPort = 0x92;

  /// Borrows both.
  Port92(PowerControl& power, A20Gate& a20) : power_(power), a20_(a20) {}

  void reset() { store(0); }
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t /*port*/, unsigned /*size*/) override { return value_; }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t value) override {
    const std::uint32_t risen = value & ~std::uint32_t{value_};
    store(static_cast<std::uint8_t>(value));
    if (risen & kFastReset) power_.reset(kResetByPort92);
  }

 private:
  static constexpr std::uint32_t kFastReset = 0x01, kFastA20 = 0x02;

  void store(std::uint8_t value) {
    value_ = value;
    a20_.drive(A20Gate::Input::kPort92, value & kFastA20 ? Level::kHigh : Level::kLow);
  }

  PowerControl& power_;
  A20Gate& a20_;
  std::uint8_t value_ = 0;
};

}  // namespace vmm
