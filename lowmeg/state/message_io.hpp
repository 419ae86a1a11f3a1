// Bytes to and from protobuf's messages, for the .cpp files of this room.
#pragma once

#include "lowmeg/state/wire_check.hpp"

namespace google::protobuf {
class MessageLite;
}

namespace lowmeg::state {

/// check_wire, and then protobuf's parser. The fields of `message` then hold values of the widths in `rows`.
Result<void> parse(Bytes bytes, std::span<const FieldRow> rows, google::protobuf::MessageLite& message);

/// Fields in ascending order, zeros left out, varints minimal.
Buffer serialize(const google::protobuf::MessageLite& message);

}  // namespace lowmeg::state
