#include "lowmeg/state/message_io.hpp"

#include <google/protobuf/message_lite.h>

#include "lowmeg/core/invariant.hpp"

namespace lowmeg::state {

Result<void> parse(Bytes bytes, std::span<const FieldRow> rows, google::protobuf::MessageLite& message) {
  if (auto passed = check_wire(bytes, rows); !passed) return passed;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Errc::kInvalidArgument, "the state: protobuf cannot parse it");
  }
  return {};
}

Buffer serialize(const google::protobuf::MessageLite& message) {
  Buffer bytes(message.ByteSizeLong());
  LOWMEG_INVARIANT(message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())), "its own size");
  return bytes;
}

}  // namespace lowmeg::state
