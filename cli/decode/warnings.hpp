// What is worth a second look in the registers of a host bridge whose firmware has finished.
#pragma once

#include <vector>

#include "cli/decode/bridge_dump.hpp"

namespace cli {

/// In a fixed order: PAM by address, SMRAM, DRAM. Of registers that are not known nothing is said. Sources:
/// 82443BX data sheet (290633) 3.3.17-3.3.22; that firmware should leave segments read-only and SMRAM locked
/// is the BIOS writers' practice, no rule of the data sheet.
std::vector<Warning> warnings_of(const BridgeDump& dump, const lowmeg::DecodeRegisters& registers);

}  // namespace cli
