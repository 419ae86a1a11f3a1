#include "lowmeg/get/wire_bytes.hpp"

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
  }
  return refuse("GET response to a request that is never sent");
}

FromHost decode_notification(Bytes message, const Header& head) {
  const auto offer = prefix<wire::BatchOfferNotification>(message);
  if (head.message_id == wire::kBatchOfferId && offer) return BatchOffer{offer->max_requests};
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
