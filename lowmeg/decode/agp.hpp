// What goes to AGP: the aperture, the two windows of device 1, and the VGA range.
//
// Source: 82443BX data sheet (290633), registers APBASE, APSIZE and NBXCFG, chapters 3.4 (device 1), 4.1.5.1
// (what is accepted from PCI) and 4.1.5.3 (VGA). Left out: the translation of the aperture by the GART, which
// is an AGP device's matter.
#pragma once

#include <array>

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/decode/access.hpp"

namespace lowmeg::decode {

/// The aperture as `view` finds it, or an empty range.
GpaRange aperture(const DecodeRegisters& registers, View view);

/// MBASE-MLIMIT and PMBASE-PMLIMIT; empty when they forward nothing.
std::array<GpaRange, 2> agp_windows(const DecodeRegisters& registers);

/// The part of A0000-BFFFF that goes to AGP, in two pieces when a monochrome adapter on PCI keeps
/// B0000-B7FFF. Nothing for a bus master: the bridge does not claim this range from PCI.
std::array<GpaRange, 2> agp_vga(const DecodeRegisters& registers, View view);

}  // namespace lowmeg::decode
