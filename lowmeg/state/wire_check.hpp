// Holds bytes against a table of a message's fields, before protobuf's own parser sees them.
//
// A stock parser takes what a saved state must not hold: it keeps a known field with the wrong wire type
// among the unknown ones, skips groups, and cuts a value that is wider than its field. What passes here it
// parses without any of that. Private to this room.
#pragma once

#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

enum class FieldType { kVarint, kPackedVarints, kBytes, kString, kMessage };
enum class Count { kOnce, kMany };

inline constexpr std::size_t kMaxRows = 18;  ///< of a message

/// A field of a message, and for a message within it that one's fields.
struct FieldRow {
  std::uint32_t number;
  FieldType type;
  std::string_view name;  ///< as a refusal has it; empty for a mere wrapper
  unsigned bits = 0;      ///< the width of a varint, and of each packed one
  std::span<const FieldRow> message = {};
  Count count = Count::kOnce;
};

constexpr FieldRow varint_row(std::uint32_t number, std::string_view name, unsigned bits) {
  return {number, FieldType::kVarint, name, bits, {}, Count::kOnce};
}
constexpr FieldRow message_row(std::uint32_t number, std::string_view name, std::span<const FieldRow> message,
                               Count count = Count::kOnce) {
  return {number, FieldType::kMessage, name, 0, message, count};
}

/// Passes fields in any order and any number; unknown ones of the wire types 0, 1, 2 and 5 at every level.
/// Refused with kInvalidArgument and a line such as "handles[3].range.start: the value is wider than 64
/// bits": truncated input, a varint of more than 10 bytes, a group or another wire type, a field number of 0
/// or over 29 bits, a wrong wire type on a known field, a value wider than its field, a string that is not
/// UTF-8.
Result<void> check_wire(Bytes bytes, std::span<const FieldRow> rows);

}  // namespace lowmeg::state
