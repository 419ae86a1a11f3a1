// A file that is written as a whole or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowmeg/core/result.hpp"

namespace vmm {

/// Under another name beside it first, mode 0600, and then renamed: at `path` there is what was there before,
/// or all of the bytes, also after a power failure. kSystem with the reason.
lowmeg::Result<void> write_whole_file(const std::string& path, std::span<const std::uint8_t> bytes);
lowmeg::Result<std::vector<std::uint8_t>> read_whole_file(const std::string& path);

}  // namespace vmm
