#include "lowmeg/get/codec.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>

namespace lowmeg::get {
namespace {

using wire::Header;
using wire::HostRequestId;
using wire::MessageType;

constexpr Header header(MessageType type, HostRequestId id) {
  return {wire::kMessageVersion, type, static_cast<std::uint16_t>(id)};
}
constexpr Header request(HostRequestId id) {
  return header(MessageType::kHostRequest, id);
}
constexpr Header response(HostRequestId id) {
  return header(MessageType::kHostResponse, id);
}

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

// The structure at the front of the message, if that many bytes are there.
template <typename Wire>
std::optional<Wire> prefix(Bytes message) {
  if (message.size() < sizeof(Wire)) return std::nullopt;
  Wire wire;
  std::memcpy(&wire, message.data(), sizeof(Wire));
  return wire;
}

// Responses are exact (OpenHCL: MessageSizeHostResponse).
template <typename Wire>
Result<Wire> exact(Bytes message) {
  const auto wire = message.size() == sizeof(Wire) ? prefix<Wire>(message) : std::nullopt;
  if (wire) return *wire;
  return lowmeg::fail(Errc::kProtocol,
                      fmt::format("GET response of {} bytes where {} are due", message.size(), sizeof(Wire)));
}

Result<Answer> decode_answer(Bytes message, HostRequestId id) {
  switch (id) {
    case HostRequestId::kVersion: {
      const auto wire = exact<wire::VersionResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      if (wire->accepted > 1) {
        return lowmeg::fail(Errc::kProtocol,
                            fmt::format("GET version answer {} is neither 0 nor 1", wire->accepted));
      }
      return VersionAnswer{wire->accepted == 1};
    }
    case HostRequestId::kCreateRamGpaRange: {
      const auto wire = exact<wire::CreateRamGpaRangeResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      return CreateAnswer{wire->status};
    }
    case HostRequestId::kResetRamGpaRange: {
      const auto wire = exact<wire::ResetRamGpaRangeResponse>(message);
      if (!wire) return tl::unexpected(wire.error());
      return ResetAnswer{};
    }
  }
  return lowmeg::fail(Errc::kProtocol, "GET response to a request that is never sent");
}

// `value` from the front of a request, or the error that it is too short (OpenVMM's host parses prefixes).
template <typename Wire, typename Convert>
Result<std::variant<std::monostate, Request>> parse_request(Bytes message, Convert convert) {
  const auto wire = prefix<Wire>(message);
  if (!wire) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET request of {} bytes where {} are due",
                                                     message.size(), sizeof(Wire)));
  }
  return Request{convert(*wire)};
}

}  // namespace

Message encode(const Request& value) {
  return std::visit(
      Overloaded{
          [](const VersionOffer& offer) {
            return Message(wire::VersionRequest{request(HostRequestId::kVersion), offer.version});
          },
          [](const CreateRamGpaRange& create) {
            return Message(wire::CreateRamGpaRangeRequest{request(HostRequestId::kCreateRamGpaRange),
                                                          create.slot, create.gpa_start, create.gpa_count,
                                                          create.gpa_offset, create.flags});
          },
          [](const ResetRamGpaRange& reset) {
            return Message(
                wire::ResetRamGpaRangeRequest{request(HostRequestId::kResetRamGpaRange), reset.slot});
          },
      },
      value);
}

Message encode(const Answer& value) {
  return std::visit(
      Overloaded{
          [](const VersionAnswer& answer) {
            return Message(wire::VersionResponse{response(HostRequestId::kVersion), answer.accepted, 0});
          },
          [](const CreateAnswer& answer) {
            return Message(
                wire::CreateRamGpaRangeResponse{response(HostRequestId::kCreateRamGpaRange), answer.status});
          },
          [](const ResetAnswer&) {
            return Message(wire::ResetRamGpaRangeResponse{response(HostRequestId::kResetRamGpaRange)});
          },
      },
      value);
}

Result<std::variant<Answer, Notification>> decode_from_host(Bytes message, HostRequestId awaited) {
  const auto head = prefix<Header>(message);
  if (!head)
    return lowmeg::fail(Errc::kProtocol,
                        fmt::format("GET message of {} bytes has no header", message.size()));
  if (head->message_type == MessageType::kGuestNotification) {
    if (head->message_version == 0) return lowmeg::fail(Errc::kProtocol, "GET notification of version 0");
    return Notification{head->message_id};
  }
  if (head->message_type != MessageType::kHostResponse) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET message of type {} from the host",
                                                     static_cast<unsigned>(head->message_type)));
  }
  if (head->message_version != wire::kMessageVersion) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET response of version {}", head->message_version));
  }
  if (head->message_id != static_cast<std::uint16_t>(awaited)) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET response {} to request {}", head->message_id,
                                                     static_cast<unsigned>(awaited)));
  }
  return decode_answer(message, awaited);
}

Result<std::variant<std::monostate, Request>> decode_from_guest(Bytes message) {
  const auto head = prefix<Header>(message);
  if (!head)
    return lowmeg::fail(Errc::kProtocol,
                        fmt::format("GET message of {} bytes has no header", message.size()));
  if (head->message_version != wire::kMessageVersion) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET message of version {}", head->message_version));
  }
  if (head->message_type == MessageType::kHostNotification) return std::monostate{};
  if (head->message_type != MessageType::kHostRequest) {
    return lowmeg::fail(Errc::kProtocol, fmt::format("GET message of type {} from the guest",
                                                     static_cast<unsigned>(head->message_type)));
  }
  switch (static_cast<HostRequestId>(head->message_id)) {
    case HostRequestId::kVersion:
      return parse_request<wire::VersionRequest>(message,
                                                 [](const auto& wire) { return VersionOffer{wire.version}; });
    case HostRequestId::kCreateRamGpaRange:
      return parse_request<wire::CreateRamGpaRangeRequest>(message, [](const auto& wire) {
        return CreateRamGpaRange{wire.slot, wire.gpa_start, wire.gpa_count, wire.gpa_offset, wire.flags};
      });
    case HostRequestId::kResetRamGpaRange:
      return parse_request<wire::ResetRamGpaRangeRequest>(
          message, [](const auto& wire) { return ResetRamGpaRange{wire.slot}; });
  }
  return lowmeg::fail(Errc::kProtocol, fmt::format("GET request {} is unknown", head->message_id));
}

HostRequestId id_of(const Request& value) {
  constexpr std::array kIds{HostRequestId::kVersion, HostRequestId::kCreateRamGpaRange,
                            HostRequestId::kResetRamGpaRange};
  return kIds[value.index()];
}

std::string_view name_of(CreateStatus status) {
  constexpr std::array<std::string_view, 6> kNames{"SUCCESS",      "SLOT_OUT_OF_BOUNDS", "SLOT_OCCUPIED",
                                                   "INVALID_FLAG", "INVALID_GPA",        "FAILED"};
  const auto index = static_cast<std::size_t>(status);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace lowmeg::get
