// The host PCI bridge at 00:00.0, whichever registers it has and whichever way they act.
#pragma once

#include "lowmeg/bridge/config_function.hpp"
#include "lowmeg/bridge/identity.hpp"
#include "lowmeg/core/pam.hpp"

namespace lowmeg::bridge {

/// No threads and no locks. Errors come from below: an adjuster, a mapper.
class HostBridge : public ConfigFunction {
 public:
  /// Tells what is below of the reset values, forced. Once, before any write; or restore, which the
  /// personalities have.
  virtual Result<void> power_on() = 0;
  /// Registers to their reset values, told again, forced.
  virtual Result<void> reset() = 0;

  virtual const Identity& identity() const = 0;
  virtual PamDwords pam_dwords() const = 0;
  /// The states that the registers ask for.
  PamStates pam_states() const { return decode_pam(pam_dwords()); }
};

}  // namespace lowmeg::bridge
