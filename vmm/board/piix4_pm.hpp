// The PIIX4's function 3, power management 8086:7113, at 00:01.3, with the I/O block that PMBA moves about.
//
// After the PIIX4 data sheet (290562), chapter 7: configuration registers store; where PMBA (40h) and
// PMREGMISC (80h) open the block, it holds PM1 status, enable and control, the PM timer and global registers.
// A write of SUS_EN with type 0 turns the machine off. APMC_EN (5Bh, bit 1) is set after reset, as if SMM
// were set up: this machine delivers no SMI, and firmware that finds it clear would wait for one. Left out:
// SCI and SMI, all events, the SMBus's ports.
#pragma once

#include <array>
#include <cstdint>

#include "vmm/board/config_store.hpp"
#include "vmm/board/io_bus.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks: the machine serialises.
class Piix4Pm final : public MovablePorts {
 public:
  static constexpr std::uint16_t kBlockSize = 64;
  static constexpr std::uint64_t kTimerHertz = 3579545;

  /// Borrows both.
  Piix4Pm(const Clock& clock, PowerControl& power);

  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  /// Its configuration space, for ConfigPorts.
  lowmeg::bridge::ConfigFunction& function() { return config_; }

  std::optional<std::uint16_t> base() override;
  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  std::uint32_t read_dword(unsigned offset) const;
  std::uint32_t timer() const;

  // Glue to the outside.
  const Clock& clock_;
  PowerControl& power_;

  // Sub-devices.
  ConfigStore config_;

  // Volatile state: the block's dwords but the timer.
  std::array<std::uint32_t, kBlockSize / 4> block_{};
};

}  // namespace vmm
