// What an adjuster is told of A0000-BFFFF, once, at power-on: PAM has no say there.
//
// After OpenVMM's i440bx_host_pci_bridge, which does so at construction.
#pragma once

#include "lowmeg/core/gpa_state.hpp"

namespace lowmeg::bridge {

inline constexpr GpaStateChange kVgaWindowAtPowerOn{
    {0xa0000, 0xc0000}, GpaState::kMmio, GpaState::kMmio, Apply::kForced};

}  // namespace lowmeg::bridge
