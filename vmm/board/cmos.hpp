// The CMOS RAM and real-time clock at ports 70h (index) and 71h (data): 128 bytes, 14 of
// them the MC146818's.
//
// After the MC146818 data sheet (registers A to D) and the bytes that PC firmware keeps in the rest, as
// SeaBIOS (src/hw/rtc.h) and the Bochs BIOS read them: sizes of memory, number of processors, boot order.
// Left out: all interrupts (register C reads 0), so IRQ 8 stays quiet; the square wave.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "vmm/board/port_device.hpp"
#include "vmm/board/rtc_clock.hpp"

namespace vmm {

class Carrier;

/// Whether the equipment byte tells of an x87.
enum class Coprocessor { kNone, kFitted };

/// What the board writes into the CMOS RAM.
struct CmosConfig {
  std::uint64_t ram_bytes = 0;  ///< RAM from 0 that firmware is told of, below 4 GiB
  unsigned cpus = 1;            ///< 1 to 256
  Coprocessor coprocessor = Coprocessor::kNone;
  std::chrono::sys_seconds rtc_start{};  ///< the date at the Clock's nanosecond 0
};

/// No threads, no locks: the machine serialises.
class Cmos final : public PortDevice {
 public:
  static constexpr std::uint16_t kIndexPort = 0x70;
  static constexpr std::uint16_t kDataPort = 0x71;

  /// Borrows the clock.
  Cmos(const Clock& clock, const CmosConfig& config);

  /// Battery-backed: only the index and registers A to C change.
  void reset();
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  /// What the firmware is to do after a reset (0Fh); 0: POST.
  std::uint8_t shutdown_status() const { return bytes_[0x0f]; }

  std::uint32_t read(std::uint16_t port, unsigned size) override;
  void write(std::uint16_t port, unsigned size, std::uint32_t value) override;

 private:
  std::uint8_t read_data();
  void write_data(std::uint8_t value);
  void write_register_b(std::uint8_t value);

  // Sub-devices.
  RtcClock rtc_;

  // Volatile state.
  std::uint8_t index_ = 0;
  std::array<std::uint8_t, 128> bytes_{};
};

}  // namespace vmm
