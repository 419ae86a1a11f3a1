#include "lowmeg/get/wire_bytes.hpp"

namespace lowmeg::get {
namespace {

using wire::Header;
using wire::HostRequestId;
using wire::MessageType;

// The front of the message as `Wire`, converted; too short a message is refused (OpenVMM's host parses
// prefixes).
template <typename Wire, typename Convert>
Result<FromGuest> parse(Bytes message, Convert convert) {
  const auto wire = prefix<Wire>(message);
  if (!wire) return refuse("GET message of {} bytes where {} are due", message.size(), sizeof(Wire));
  return FromGuest{convert(*wire)};
}

Result<FromGuest> decode_request(Bytes message, std::uint16_t id) {
  switch (static_cast<HostRequestId>(id)) {
    case HostRequestId::kVersion:
      return parse<wire::VersionRequest>(
          message, [](const auto& wire) { return Request{VersionOffer{wire.version}}; });
    case HostRequestId::kCreateRamGpaRange:
      return parse<wire::CreateRamGpaRangeRequest>(message, [](const auto& wire) {
        return Request{
            CreateRamGpaRange{wire.slot, wire.gpa_start, wire.gpa_count, wire.gpa_offset, wire.flags}};
      });
    case HostRequestId::kResetRamGpaRange:
      return parse<wire::ResetRamGpaRangeRequest>(
          message, [](const auto& wire) { return Request{ResetRamGpaRange{wire.slot}}; });
  }
  return refuse("GET request {} is unknown", id);
}

Result<FromGuest> decode_notification(Bytes message, std::uint16_t id) {
  if (id != wire::kBatchId) return Notification{id};
  return parse<wire::BatchNotification>(message, [](const auto& wire) { return Batch{wire.requests}; });
}

}  // namespace

Result<FromGuest> decode_from_guest(Bytes message) {
  const auto head = prefix<Header>(message);
  if (!head) return refuse("GET message of {} bytes has no header", message.size());
  if (head->message_version != wire::kMessageVersion) {
    return refuse("GET message of version {}", +head->message_version);
  }
  if (head->message_type == MessageType::kHostNotification) {
    return decode_notification(message, head->message_id);
  }
  if (head->message_type == MessageType::kHostRequest) return decode_request(message, head->message_id);
  return refuse("GET message of type {} from the guest", static_cast<unsigned>(head->message_type));
}

}  // namespace lowmeg::get
