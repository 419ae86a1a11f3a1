// The PIIX3's reset control register RCR at CF9h.
//
// After the PIIX3 data sheet (290550), RCR: bit 1 (SRST) chooses a hard reset or INIT, and bit 2 (RCPU)
// starts it when it rises. INIT leaves the register as it is. Left out: the self-test of bit 0.
#pragma once

#include <cstdint>

#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class ResetControl final : public PortDevice {
 public:
  static constexpr std::uint16_t kPort = 0xcf9;

  /// Borrows the power control.
  explicit ResetControl(PowerControl& power) : power_(power) {}

  void reset() { rcr_ = 0; }
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t /*port*/, unsigned /*size*/) override { return rcr_; }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t value) override {
    const std::uint32_t risen = value & ~std::uint32_t{rcr_};
    rcr_ = value & kWritable;
    if (risen & kResetCpu) power_.reset(value & kSystemReset ? kHardResetByCf9 : kSoftResetByCf9);
  }

 private:
  static constexpr std::uint8_t kWritable = 0x07;      // BIST, SRST, RCPU
  static constexpr std::uint32_t kResetCpu = 0x04;     // RCPU
  static constexpr std::uint32_t kSystemReset = 0x02;  // SRST

  PowerControl& power_;
  std::uint8_t rcr_ = 0;
};

}  // namespace vmm
