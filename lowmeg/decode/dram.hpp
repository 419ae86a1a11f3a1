// Where DRAM ends, and the hole in it: DRB7 and FDHC.
//
// Source: 82443BX data sheet (290633), registers DRB0-7 and FDHC, and chapter 4.1. DRB0-DRB6 only pick
// rows of DRAM and are left out.
#pragma once

#include "lowmeg/core/decode_sink.hpp"

namespace lowmeg::decode {

/// TOM, the end of DRAM: DRB7 in units of 8 MiB, and 1 GiB at most. It bounds only what is at and above
/// 1 MiB.
Gpa top_of_memory(const DecodeRegisters& registers);

/// The fixed hole that FDHC opens in DRAM, or an empty range.
GpaRange fixed_hole(const DecodeRegisters& registers);

}  // namespace lowmeg::decode
