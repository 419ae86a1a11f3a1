// Whose registers the guest sees: Hyper-V's, or a chip's with its straps.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/identity.hpp"

namespace vmm {

struct BridgeConfig {
  lowmeg::bridge::Identity identity = lowmeg::bridge::kI440fx;
  lowmeg::bridge::ChipOptions options;  ///< for a chip's registers
};

inline bool is_chip(const BridgeConfig& bridge) {
  return bridge.identity.name != lowmeg::bridge::kHyperv.name;
}

}  // namespace vmm
