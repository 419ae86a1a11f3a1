// What stands between the configuration ports and guest memory: a host bridge, and all that carries its
// register writes down to a Mapper. There are two ways, Hyper-V's and the chip's.
#pragma once

#include <functional>
#include <vector>

#include "lowmeg/bridge/host_bridge.hpp"
#include "lowmeg/memory/claims.hpp"
#include "lowmeg/state/restore.hpp"
#include "vmm/chipset/first_megabyte.hpp"
#include "vmm/chipset/timeline_entry.hpp"

namespace vmm {

/// No threads and no locks: the machine serialises.
class Chipset {
 public:
  /// Hears of every config write that changed what the guest sees, and of what else was told below.
  using Listener = std::function<void(const TimelineEntry&)>;

  virtual ~Chipset() = default;

  /// Once, before the guest runs.
  lowmeg::Result<void> power_on() { return bridge().power_on(); }
  lowmeg::Result<void> reset() { return bridge().reset(); }

  /// What the devices answer from now on, the first on top: one commit, if it changes what the guest sees. On
  /// an error all is as before. A restart keeps it.
  virtual lowmeg::Result<void> devices_changed(std::span<const lowmeg::memory::Claim> claims) = 0;

  /// 00:00.0, and 00:01.0 or null, as they are just now: a restart replaces them.
  virtual lowmeg::bridge::HostBridge& bridge() = 0;
  virtual lowmeg::bridge::ConfigFunction* agp_bridge() = 0;
  /// What a successor needs, as bytes; in the chip's way there is no adjuster's part.
  virtual lowmeg::state::SavedChipset save() const = 0;
  /// Servicing within one process: everything above guest memory is torn down and built anew; nothing but
  /// bytes goes from the old to the new.
  virtual lowmeg::Result<void> restart() = 0;

  /// How much RAM from 0 on the firmware may be told of, in bytes.
  virtual std::uint64_t ram_told() const = 0;
  virtual std::vector<MegabyteRow> first_megabyte() = 0;
};

}  // namespace vmm
