// Whose registers the guest sees, as the number that STATE carries from host to paravisor.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/chipset/bridge_config.hpp"

namespace vmm {

inline constexpr std::uint32_t kAgpStrappedOff = 0x100;

/// The place in kIdentities, with kAgpStrappedOff for a chip so strapped.
inline std::uint32_t personality_of(const BridgeConfig& bridge) {
  using lowmeg::bridge::kIdentities;
  for (std::uint32_t i = 0; i < kIdentities.size(); ++i) {
    if (kIdentities[i].name != bridge.identity.name) continue;
    const bool is_strapped = bridge.options.agp == lowmeg::bridge::Agp::kStrappedOff;
    return is_strapped ? i | kAgpStrappedOff : i;
  }
  LOWMEG_INVARIANT(false, "one of the identities");
}

/// What such a machine with this much RAM has; none for a number that has no bridge.
inline std::optional<BridgeConfig> bridge_of(std::uint32_t personality, std::uint64_t ram_size) {
  const std::uint32_t index = personality & ~kAgpStrappedOff;
  if (index >= lowmeg::bridge::kIdentities.size()) return std::nullopt;
  BridgeConfig bridge{lowmeg::bridge::kIdentities[index], {}};
  bridge.options.drb = lowmeg::bridge::drb_for(ram_size);
  if (personality != index) bridge.options.agp = lowmeg::bridge::Agp::kStrappedOff;
  return bridge;
}

/// Whether there is device 1: only the 82443BX has AGP.
inline bool has_agp(const BridgeConfig& bridge) {
  return bridge.identity.name == lowmeg::bridge::kI440bx.name &&
         bridge.options.agp == lowmeg::bridge::Agp::kPresent;
}

}  // namespace vmm
