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

// Responses are exact (OpenHCL: MessageSizeHostResponse).
template <typename Wire>
Result<Wire> exact(Bytes message) {
  const auto wire = message.size() == sizeof(Wire) ? prefix<Wire>(message) : std::nullopt;
  if (wire) return *wire;
  return refuse("GET response of {} bytes where {} are due", message.size(), sizeof(Wire));
}

Result<FromHost> decode_restore_part(Bytes message) {
  const auto wire = prefix<wire::RestoreResponse>(message);
  if (!wire) return refuse("GET response of {} bytes where {} are due", message.size(), sizeof(*wire));
  const Bytes bytes = message.subspan(sizeof(*wire));
  if (wire->data_length != bytes.size() || bytes.size() > kMaxState)
    return refuse("GET restore of {} bytes that says {}", bytes.size(), +wire->data_length);
  if (wire->status > SaveRestoreStatus::kMoreData)
    return refuse("GET answer to a restore: status {}", static_cast<unsigned>(wire->status));
  return Answer{RestorePart{wire->status, {bytes.begin(), bytes.end()}}};
}

Result<FromHost> decode_answer(Bytes message, HostRequestId id) {
  switch (id) {
    case HostRequestId::kVersion: {
      const auto wire = exact<wire::VersionResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      if (wire->accepted > 1) return refuse("GET version answer {} is neither 0 nor 1", +wire->accepted);
      return Answer{VersionAnswer{wire->accepted == 1}};
    }
    case HostRequestId::kCreateRamGpaRange: {
      const auto wire = exact<wire::CreateRamGpaRangeResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      return Answer{CreateAnswer{wire->status}};
    }
    case HostRequestId::kResetRamGpaRange: {
      const auto wire = exact<wire::ResetRamGpaRangeResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      return Answer{ResetAnswer{}};
    }
    case HostRequestId::kSaveGuestVtl2State: {
      const auto wire = exact<wire::SaveResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      if (wire->status > SaveRestoreStatus::kFailure)
        return refuse("GET answer to a save: status {}", static_cast<unsigned>(wire->status));
      return Answer{SaveAnswer{wire->status}};
    }
    case HostRequestId::kRestoreGuestVtl2State:
      return decode_restore_part(message);
  }
  return refuse("GET response to a request that is never sent");
}

Result<FromHost> decode_state(Bytes message) {
  const auto wire = prefix<wire::StateNotification>(message);
  if (!wire) return refuse("GET STATE of {} bytes where {} are due", message.size(), sizeof(*wire));
  if ((wire->flags & ~wire::kStateUnsure) != 0) return refuse("GET STATE with flags {:x}h", +wire->flags);
  const Bytes bytes = message.subspan(sizeof(*wire));
  if (bytes.size() > kMaxState) return refuse("GET STATE with {} bytes", bytes.size());
  return State{wire->ram_size, wire->personality, wire->flags != 0, {bytes.begin(), bytes.end()}};
}

Result<FromHost> decode_access(Bytes message) {
  const auto wire = message.size() == sizeof(wire::AccessNotification)
                        ? prefix<wire::AccessNotification>(message)
                        : std::nullopt;
  if (!wire) return refuse("GET ACCESS of {} bytes where {} are due", message.size(), sizeof(*wire));
  const bool is_possible = wire->kind <= 3 && (wire->flags & ~wire::kAccessRedo) == 0 &&
                           wire->function <= 1 && wire->offset % 4 == 0 && wire->byte_enables <= 0xf &&
                           (wire->reserved[0] | wire->reserved[1] | wire->reserved[2]) == 0;
  if (!is_possible) {
    return refuse("GET ACCESS of kind {}, flags {:x}h, function {}, offset {:02x}h, byte enables {:x}h",
                  +wire->kind, +wire->flags, +wire->function, +wire->offset, +wire->byte_enables);
  }
  return Access{static_cast<AccessKind>(wire->kind),
                wire->flags != 0,
                wire->function,
                wire->offset,
                wire->byte_enables,
                wire->value};
}

Result<FromHost> decode_notification(Bytes message, const Header& head) {
  switch (head.message_id) {
    case wire::kBatchOfferId:
      if (const auto offer = prefix<wire::BatchOfferNotification>(message))
        return BatchOffer{offer->max_requests};
      break;
    case wire::kStateId:
      return decode_state(message);
    case wire::kAccessId:
      return decode_access(message);
    case wire::kSaveGuestVtl2StateNotice:
      if (const auto notice = prefix<wire::SaveNotification>(message))
        return SaveNotice{notice->timeout_hint_secs};
      return refuse("GET notice to save of {} bytes", message.size());
    default:
      break;
  }
  return Notification{head.message_id};
}

}  // namespace

Result<FromHost> decode_from_host(Bytes message, HostRequestId awaited) {
  const auto head = prefix<Header>(message);
  if (!head) return refuse("GET message of {} bytes has no header", message.size());
  if (head->message_type == MessageType::kGuestNotification) {
    if (head->message_version == 0) return refuse("GET notification of version 0");
    return decode_notification(message, *head);
  }
  if (head->message_type != MessageType::kHostResponse) {
    return refuse("GET message of type {} from the host", static_cast<unsigned>(head->message_type));
  }
  if (head->message_version != wire::kMessageVersion) {
    return refuse("GET response of version {}", +head->message_version);
  }
  if (head->message_id != static_cast<std::uint16_t>(awaited)) {
    return refuse("GET response {} to request {}", +head->message_id, static_cast<unsigned>(awaited));
  }
  return decode_answer(message, awaited);
}

bool is_response(Bytes message) {
  const auto head = prefix<Header>(message);
  return head && head->message_type == MessageType::kHostResponse;
}

}  // namespace lowmeg::get
