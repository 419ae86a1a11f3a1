// CF8h-CFFh on the board: PCI configuration, with the reset control register's byte in its midst.
//
// After the 82443BX data sheet (290633), 3.2: of the cycles at CF8h-CFBh only the dword is the bridge's. The
// others go on to PCI, where the PIIX3 claims those whose address is CF9h (290550, RCR): a byte, a word, or
// the three bytes of a dword access that begins there; it takes the lowest byte. A cycle that begins at CF8h
// carries that address and is nobody's, whatever bytes it enables. All else goes to
// lowmeg::bridge::ConfigPorts.
#pragma once

#include <cstdint>

#include "lowmeg/bridge/config_ports.hpp"
#include "vmm/board/port_device.hpp"
#include "vmm/board/reset_control.hpp"

namespace vmm {

/// Hears of what failed below a device: the machine should stop.
class FaultSink {
 public:
  virtual ~FaultSink() = default;
  virtual void fault(const lowmeg::Error& error) = 0;
};

enum class ConfigAccess { kRead, kWrite };

/// Told after each access to CONFDATA, when nothing of it is in hand any more: the function that answered may
/// be replaced.
class ConfigAccessObserver {
 public:
  virtual ~ConfigAccessObserver() = default;
  virtual void accessed(ConfigAccess access) = 0;
};

/// No threads, no locks: the machine serialises.
class PciPorts final : public PortDevice {
 public:
  static constexpr std::uint16_t kPorts = lowmeg::bridge::ConfigPorts::kAddressPort;

  /// Borrows all.
  PciPorts(lowmeg::bridge::ConfigPorts& config, ResetControl& reset_control, FaultSink& faults,
           ConfigAccessObserver& observer)
      : config_(config), reset_control_(reset_control), faults_(faults), observer_(observer) {}

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  lowmeg::bridge::ConfigPorts& config_;
  ResetControl& reset_control_;
  FaultSink& faults_;
  ConfigAccessObserver& observer_;
};

}  // namespace vmm
