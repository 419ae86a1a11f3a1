// The GET-backed adjuster's saved state as bytes: OpenHCL's underhill.emuplat.i440bx.host_pci_bridge.
//
// The step of the wire alone. Whether an adjuster can take a state up is adjuster_meaning.hpp's matter.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/saved_range.hpp"

namespace lowmeg::state {

/// A range in place at the host, as the bytes have it.
struct SavedHandle {
  std::uint32_t remote_handle = 0;
  SavedRange range;
  std::uint64_t gpa_offset = 0;
  bool is_rom = false;

  friend bool operator==(const SavedHandle&, const SavedHandle&) = default;
};

struct SavedAdjuster {
  std::uint32_t base_slot = 0;
  std::array<std::optional<SavedHandle>, 13> handles{};

  friend bool operator==(const SavedAdjuster&, const SavedAdjuster&) = default;
};

inline constexpr std::string_view kAdjusterTypeUrl =
    "type.googleapis.com/underhill.emuplat.i440bx.host_pci_bridge.SavedState";

/// The bytes that OpenHCL writes for this value, bit for bit.
Buffer encode(const SavedAdjuster& adjuster);
/// kInvalidArgument with a line that names the field: as check_wire, and when there are not just 13 items.
Result<SavedAdjuster> decode_adjuster(Bytes bytes);

/// The same in a google.protobuf.Any; another type_url is refused.
Buffer encode_any(const SavedAdjuster& adjuster);
Result<SavedAdjuster> decode_adjuster_any(Bytes bytes);

}  // namespace lowmeg::state
