// Where the ROM images lie in guest RAM.
#pragma once

#include <cstdint>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::hyperv {

/// The end of the first RAM block less 1 MiB. The block starts at 0, is `ram_size` bytes long, whole pages,
/// at least 2 MiB, and ends strictly below 4 GiB: else kInvalidArgument with a line that says which.
/// (OpenHCL's worker.rs.)
Result<Gpa> rom_bios_offset(std::uint64_t ram_size);

}  // namespace lowmeg::hyperv
