#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {
namespace {

using wire::Header;
using wire::HostRequestId;
using wire::MessageType;

constexpr Header header(MessageType type, HostRequestId id) {
  return {wire::kMessageVersion, type, static_cast<std::uint16_t>(id)};
}
constexpr Header notification(MessageType type, std::uint16_t id) {
  return {wire::kMessageVersion, type, id};
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

Message encode(const BatchOffer& offer) {
  return Message(wire::BatchOfferNotification{
      notification(MessageType::kGuestNotification, wire::kBatchOfferId), offer.max_requests});
}

Message encode(const Batch& batch) {
  return Message(
      wire::BatchNotification{notification(MessageType::kHostNotification, wire::kBatchId), batch.requests});
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
