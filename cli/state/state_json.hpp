// Saved state between bytes and JSON, for people and scripts: what `lowmeg state` does.
//
// The JSON is that of tests/golden/saved_state.json: numbers are decimal, an absent handle is null.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace cli {

enum class StateKind { kAdjuster, kBridge, kMemoryRange, kChip, kAdjusterAny, kBridgeAny, kChipAny };

/// "adjuster", "bridge", "memory_range", "chip", "adjuster_any", "bridge_any" or "chip_any".
std::optional<StateKind> state_kind(std::string_view name);

/// The bytes that OpenVMM writes for this value, or for a chip those that Lowmeg does. kInvalidArgument with
/// one line for text that is not JSON and for fields that are unknown, missing, given twice, of another type
/// or too large.
lowmeg::Result<lowmeg::state::Buffer> state_from_json(StateKind kind, std::string_view json);

/// Indented by two, with a line feed at its end. Refuses what the decoder of the kind refuses.
lowmeg::Result<std::string> state_to_json(StateKind kind, lowmeg::state::Bytes bytes);

/// What a restore with so much RAM in the first block would say.
lowmeg::Result<void> check_state(StateKind kind, lowmeg::state::Bytes bytes, std::uint64_t ram_size);

}  // namespace cli
