#include "lowmeg/hyperv/rom_bios_offset.hpp"

#include <fmt/format.h>

namespace lowmeg::hyperv {

Result<Gpa> rom_bios_offset(std::uint64_t ram_size) {
  constexpr std::uint64_t kMiB = 1 << 20;
  if (ram_size < 2 * kMiB)
    return fail(Errc::kInvalidArgument, "the first RAM block must hold at least 2 MiB");
  if (ram_size >= 1ull << 32) return fail(Errc::kInvalidArgument, "the first RAM block must end below 4 GiB");
  if (!is_page_aligned(ram_size))
    return fail(Errc::kInvalidArgument, "the first RAM block must be whole pages");
  return ram_size - kMiB;
}

}  // namespace lowmeg::hyperv
