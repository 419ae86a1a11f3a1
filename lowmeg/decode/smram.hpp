// System management RAM: when its spaces are open, for what, and which there are.
//
// Source: 82443BX data sheet (290633) tables 4-2 to 4-4. Left out: E_SMERR (the map does not see accesses),
// and write-backs of dirty lines from SMM space. The data sheet calls D_OPEN with D_CLS, unlocked, illegal;
// here D_OPEN is then ignored.
#pragma once

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/decode/access.hpp"

namespace lowmeg::decode {

/// Table 4-4: what the SMRAM register (72h) lets reach the DRAM of an enabled space. Code is kFetch, data
/// kRead and kWrite; the rest falls through as if the space were not there. Bus masters never reach it.
Accesses smram_accesses(const DecodeRegisters& registers, View view);

/// The DRAM that TSEG takes below TOM, which is then nobody's DRAM. An empty range when G_SMRAME (SMRAM bit
/// 3) or TSEG_EN (ESMRAMC bit 0) is 0, and when TOM is.
GpaRange tseg(const DecodeRegisters& registers);

/// A space: what the CPU addresses, and the DRAM address behind its first byte. Empty when not enabled.
struct SmramSpace {
  GpaRange range;
  Gpa dram = 0;

  friend bool operator==(const SmramSpace&, const SmramSpace&) = default;
};

struct SmramSpaces {
  SmramSpace compatible;  ///< A0000-BFFFF
  SmramSpace high;        ///< 256 MiB + A0000-FFFFF
  SmramSpace tseg;        ///< 256 MiB + the range that TSEG takes

  friend bool operator==(const SmramSpaces&, const SmramSpaces&) = default;
};

/// Tables 4-2 and 4-3: which spaces SMRAM (72h) and ESMRAMC (73h) enable.
SmramSpaces smram_spaces(const DecodeRegisters& registers);

}  // namespace lowmeg::decode
