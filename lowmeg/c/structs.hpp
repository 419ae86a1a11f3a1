// Structures that a caller fills in: the first member is the size that he knows.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>

#include "lowmeg/c/failure.hpp"
#include "lowmeg/core/gpa.hpp"

namespace lowmeg::c {

/// The structure with what the caller did not know left 0. None, and the status kept in `status`: for null,
/// for one too small to be it, and for one with something in members that this build does not know.
template <typename Struct>
std::optional<Struct> read_struct(const Struct* from, std::int32_t& status) {
  if (!from || from->size < sizeof(std::uint64_t) || from->size > 4096) {
    status = failed(LOWMEG_INVALID_ARGUMENT, "a structure is missing, or its size is not set");
    return std::nullopt;
  }
  // SAFETY: the caller says that so many bytes are there.
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
  for (std::size_t i = sizeof(Struct); i < from->size; ++i) {
    if (bytes[i] == 0) continue;
    status = failed(LOWMEG_NOT_SUPPORTED, "a structure has members set that this version does not know");
    return std::nullopt;
  }
  Struct known{};
  std::memcpy(&known, from, std::min<std::size_t>(from->size, sizeof(Struct)));
  return known;
}

/// Whole pages, and no more than an x86 can address (SDM volume 3, 4.1.4: MAXPHYADDR is at most 52).
constexpr bool is_ram_size(std::uint64_t bytes) {
  return is_page_aligned(bytes) && bytes <= std::uint64_t{1} << 52;
}

}  // namespace lowmeg::c
