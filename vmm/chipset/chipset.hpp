// What stands between the configuration ports and guest memory. It has two axes:
//
// * registers: whose the guest sees (bridge_config.hpp): Hyper-V's, the 82441FX's or the 82443BX's;
// * effect: what their change does. ranges/: Hyper-V's, the host is asked for RAM GPA ranges, and PAM alone
//   acts. decode/: the chip's, all registers are decoded into a map. It needs a chip's registers.
#pragma once

#include <functional>
#include <vector>

#include "lowmeg/bridge/host_bridge.hpp"
#include "lowmeg/memory/claims.hpp"
#include "lowmeg/state/restore.hpp"
#include "vmm/chipset/first_megabyte.hpp"
#include "vmm/chipset/timeline_entry.hpp"

namespace vmm {

/// While an access waits for somebody outside of the machine's threads, others may have the devices.
enum class Waiting { kBegins, kEnds };

/// Whom a chipset tells.
struct ChipsetListeners {
  /// Hears of every config write that changed what the guest sees, and of what else was told below.
  std::function<void(const TimelineEntry&)> timeline;
  /// Around every access of the guest's that may wait, on its thread.
  std::function<void(Waiting)> waiting = [](Waiting) {};
  /// Hears of a read that failed: the machine should stop.
  std::function<void(const lowmeg::Error&)> fault = [](const lowmeg::Error&) {};
};

/// No threads of its own that call into the machine, and no locks: the machine serialises.
class Chipset {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Chipset() = default;

  /// Once, before the guest runs.
  virtual lowmeg::Result<void> power_on() = 0;
  virtual lowmeg::Result<void> reset() = 0;

  /// What the devices answer from now on, the first on top: one commit, if it changes what the guest sees. On
  /// an error all is as before. A restart keeps it.
  virtual lowmeg::Result<void> devices_changed(std::span<const lowmeg::memory::Claim> claims) = 0;

  /// 00:00.0, and 00:01.0 or null, as they are just now: a restart may replace them.
  virtual lowmeg::bridge::ConfigFunction& host_bridge() = 0;
  virtual lowmeg::bridge::ConfigFunction* agp_bridge() = 0;
  /// What PAM0-PAM6 hold.
  virtual lowmeg::PamDwords pam_dwords() const = 0;
  /// What a successor needs, as bytes; with the effect of decode there is no adjuster's part.
  virtual lowmeg::state::SavedChipset save() const = 0;
  /// Servicing: everything above guest memory is torn down and built anew; nothing but bytes goes from the
  /// old to the new.
  virtual lowmeg::Result<void> restart() = 0;

  /// No access waits for anybody longer than this.
  virtual void set_deadline(Clock::time_point /*deadline*/) {}
  /// Every access, also one that waits, fails with this. From any thread.
  virtual void give_up(const lowmeg::Error& /*why*/) {}

  /// How much RAM from 0 on the firmware may be told of, in bytes.
  virtual std::uint64_t ram_told() const = 0;
  virtual std::vector<MegabyteRow> first_megabyte() = 0;
};

}  // namespace vmm
