#include "lowmeg/get/wire_bytes.hpp"

// GCC 12 takes a variant's copy, of which only the alternative in hand is read, for a read of all of them.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

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

// What lies behind the structure.
template <typename Wire>
std::vector<std::uint8_t> behind(Bytes message) {
  const Bytes rest = message.subspan(sizeof(Wire));
  return {rest.begin(), rest.end()};
}

VersionOffer version_offer(Bytes message) {
  const auto longer = prefix<wire::TakeOverRequest>(message);
  return {prefix<wire::VersionRequest>(message)->version, longer && longer->take_over == wire::kTakeOver};
}

// The first part of a saved state may say kSuccess, kMoreData or kFailure.
Result<FromGuest> decode_save(Bytes message) {
  return parse<wire::SaveRequest>(
             message,
             [&](const auto& wire) { return SavePart{wire.status, behind<wire::SaveRequest>(message)}; })
      .and_then([](const FromGuest& part) -> Result<FromGuest> {
        const auto& [status, bytes] = std::get<SavePart>(part);
        if (status > SaveRestoreStatus::kMoreData)
          return refuse("GET save of status {}", static_cast<unsigned>(status));
        if (bytes.size() > kMaxState) return refuse("GET save of {} bytes in one message", bytes.size());
        return part;
      });
}

Result<FromGuest> decode_request(Bytes message, std::uint16_t id) {
  switch (static_cast<HostRequestId>(id)) {
    case HostRequestId::kVersion:
      return parse<wire::VersionRequest>(message,
                                         [&](const auto&) { return Request{version_offer(message)}; });
    case HostRequestId::kSaveGuestVtl2State:
      return decode_save(message);
    case HostRequestId::kRestoreGuestVtl2State:
      return parse<wire::RestoreRequest>(message, [](const auto&) { return RestoreRequest{}; });
    case HostRequestId::kCreateRamGpaRange:
      return parse<wire::CreateRamGpaRangeRequest>(message, [](const auto& wire) {
        return Request{
            CreateRamGpaRange{wire.slot, wire.gpa_start, wire.gpa_count, wire.gpa_offset, wire.flags}};
      });
    case HostRequestId::kResetRamGpaRange:
      return parse<wire::ResetRamGpaRangeRequest>(
          message, [](const auto& wire) { return Request{ResetRamGpaRange{wire.slot}}; });
  }
  return OtherRequest{id};
}

Result<FromGuest> decode_done(Bytes message) {
  const auto wire = prefix<wire::DoneNotification>(message);
  if (!wire) return refuse("GET message of {} bytes where {} are due", message.size(), sizeof(*wire));
  Done done{static_cast<Done::Outcome>(wire->outcome), wire->value, behind<wire::DoneNotification>(message)};
  if (wire->outcome > 2 || (wire->reserved[0] | wire->reserved[1] | wire->reserved[2]) != 0)
    return refuse("GET DONE with outcome {}", +wire->outcome);
  const bool has_bytes = done.outcome != Done::Outcome::kUnchanged;
  if (done.bytes.empty() == has_bytes || done.bytes.size() > kMaxState)
    return refuse("GET DONE of outcome {} with {} bytes", +wire->outcome, done.bytes.size());
  return done;
}

Result<FromGuest> decode_keep(Bytes message) {
  Keep keep{behind<wire::KeepNotification>(message)};
  if (keep.bytes.empty() || keep.bytes.size() > kMaxState)
    return refuse("GET KEEP with {} bytes", keep.bytes.size());
  return keep;
}

Result<FromGuest> decode_notification(Bytes message, std::uint16_t id) {
  switch (id) {
    case wire::kBatchId:
      return parse<wire::BatchNotification>(message, [](const auto& wire) { return Batch{wire.requests}; });
    case wire::kDoneId:
      return decode_done(message);
    case wire::kKeepId:
      return decode_keep(message);
    case wire::kRestoreGuestVtl2StateResult:
      return parse<wire::RestoreResultNotification>(
          message, [](const auto& wire) { return RestoreResult{wire.status}; });
    default:
      return Notification{id};
  }
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
