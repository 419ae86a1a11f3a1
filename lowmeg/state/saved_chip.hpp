// A chip's host bridge as bytes: Lowmeg's own message, lowmeg.chip_bridge.SavedState.
//
// The step of the wire alone. Whether a bridge can take a state up is chip_meaning.hpp's matter.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

/// The 256 bytes of a function's configuration space, as a guest reads them.
using SavedConfigSpace = std::array<std::uint8_t, 256>;

struct SavedChip {
  SavedConfigSpace host_bridge{};
  std::uint8_t written_once = 0;  ///< explained at bridge::ChipRegisterState
  std::optional<SavedConfigSpace> agp_bridge{};

  friend bool operator==(const SavedChip&, const SavedChip&) = default;
};

inline constexpr std::string_view kChipTypeUrl = "type.googleapis.com/lowmeg.chip_bridge.SavedState";

Buffer encode(const SavedChip& chip);
/// kInvalidArgument with a line that names the field: as check_wire, and when a configuration space has not
/// just 256 bytes; the AGP bridge's may be absent.
Result<SavedChip> decode_chip(Bytes bytes);

/// The same in a google.protobuf.Any; another type_url is refused.
Buffer encode_any(const SavedChip& chip);
Result<SavedChip> decode_chip_any(Bytes bytes);

}  // namespace lowmeg::state
