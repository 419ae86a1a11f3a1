// The advanced power management ports B2h (control, APMC) and B3h (status, APMS).
//
// After the PIIX4 data sheet (290562) and the PIIX3's (290550), APMC and APMS. A write to APMC would raise an
// SMI whose handler reports back in APMS. This machine delivers no SMI, so APMC stores and APMS says at all
// times that the handler is done: 0, which is what firmware waits for.
#pragma once

#include <cstdint>

#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class ApmPorts final : public PortDevice {
 public:
  static constexpr std::uint16_t kControlPort = 0xb2;
  static constexpr std::uint16_t kStatusPort = 0xb3;

  void reset() { apmc_ = 0; }
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint16_t port, unsigned /*size*/) override {
    return port == kControlPort ? apmc_ : 0;
  }
  void write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) override {
    if (port == kControlPort) apmc_ = static_cast<std::uint8_t>(value);
  }

 private:
  std::uint8_t apmc_ = 0;
};

}  // namespace vmm
