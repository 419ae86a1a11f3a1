// The ten time bytes of the real-time clock MC146818: seconds to year, with alarms that only store.
//
// After the Motorola MC146818 data sheet, table 2 and "Time, calendar and alarm locations". The date is a
// start given by the board plus the Clock, so a deterministic machine has a deterministic date; a guest that
// sets it moves the offset. 24-hour mode, BCD or binary. Left out: 12-hour mode, daylight saving, alarm and
// other interrupts.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "vmm/board/port_device.hpp"

namespace vmm {

class Carrier;

/// No threads, no locks.
class RtcClock {
 public:
  static constexpr unsigned kBytes = 10;
  enum class Coding { kBcd, kBinary };
  enum class Updates { kRunning, kHeld };

  /// Borrows the clock. `start` is the date at its nanosecond 0.
  RtcClock(const Clock& clock, std::chrono::sys_seconds start) : clock_(clock), now_at_zero_(start) {}
  /// Its volatile state, out or in.
  void carry(Carrier& carrier);

  /// `index` 0-9. A write takes effect at once, or with Updates::kHeld when they run again.
  std::uint8_t read(unsigned index);
  void write(unsigned index, std::uint8_t value);
  void set_coding(Coding coding);
  void set_updates(Updates updates);

  /// The century in BCD, for the byte that the firmware keeps elsewhere.
  std::uint8_t century() const;
  /// UIP: an update comes within 244 us (data sheet, "Update cycle").
  bool update_in_progress() const;

 private:
  std::chrono::sys_seconds now() const;
  void load();
  void store();
  std::uint8_t encode(unsigned value) const;
  unsigned decode(std::uint8_t value) const;

  // Glue to the outside.
  const Clock& clock_;

  // Volatile state.
  std::chrono::sys_seconds now_at_zero_;
  Coding coding_ = Coding::kBcd;
  Updates updates_ = Updates::kRunning;
  std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace vmm
