#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {
namespace {

using wire::Header;
using wire::header_for;
using wire::HostRequestId;
using wire::MessageType;

constexpr Header request(HostRequestId id) {
  return header_for(MessageType::kHostRequest, id);
}
constexpr Header response(HostRequestId id) {
  return header_for(MessageType::kHostResponse, id);
}

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

Message encode(const Request& value) {
  return std::visit(Overloaded{
                        [](const VersionOffer& offer) {
                          const wire::VersionRequest version{request(HostRequestId::kVersion), offer.version};
                          return offer.take_over ? Message(wire::TakeOverRequest{version, wire::kTakeOver})
                                                 : Message(version);
                        },
                        [](const CreateRamGpaRange& create) {
                          return Message(wire::CreateRamGpaRangeRequest{
                              request(HostRequestId::kCreateRamGpaRange), create.slot, create.gpa_start,
                              create.gpa_count, create.gpa_offset, create.flags});
                        },
                        [](const ResetRamGpaRange& reset) {
                          return Message(wire::ResetRamGpaRangeRequest{
                              request(HostRequestId::kResetRamGpaRange), reset.slot});
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
          [](const SaveAnswer& answer) { return encode(answer); },
          [](const RestorePart& part) { return encode(part); },
      },
      value);
}

Message encode(const BatchOffer& offer) {
  return Message(wire::BatchOfferNotification{
      header_for(MessageType::kGuestNotification, wire::kBatchOfferId), offer.max_requests});
}

Message encode(const Batch& batch) {
  return Message(
      wire::BatchNotification{header_for(MessageType::kHostNotification, wire::kBatchId), batch.requests});
}

HostRequestId id_of(const Request& value) {
  constexpr std::array kIds{HostRequestId::kVersion, HostRequestId::kCreateRamGpaRange,
                            HostRequestId::kResetRamGpaRange};
  return kIds[value.index()];
}

std::string_view request_name(std::uint16_t id) {
  constexpr struct {
    std::uint16_t id;
    std::string_view name;
  } kNames[] = {
      {1, "VERSION"},
      {2, "TIME"},
      {3, "BIOS_BOOT_FINALIZE"},
      {4, "VMGS_GET_DEVICE_INFO"},
      {5, "VMGS_READ"},
      {6, "VMGS_WRITE"},
      {7, "VMGS_FLUSH"},
      {8, "IGVM_ATTEST"},
      {9, "GUEST_STATE_PROTECTION_BY_ID"},
      {10, "VMGS_KEYS_READ"},
      {15, "DEVICE_PLATFORM_SETTINGS"},
      {16, "ADVISORY_PLATFORM_SETTINGS"},
      {17, "GUEST_STATE_PROTECTION"},
      {18, "DEVICE_PLATFORM_SETTINGS_V2"},
      {19, "VPCI_DEVICE_CONTROL"},
      {20, "SAVE_GUEST_VTL2_STATE"},
      {21, "RESTORE_GUEST_VTL2_STATE"},
      {22, "VPCI_DEVICE_BINDING_CHANGE"},
      {23, "VGA_PROXY_PCI_READ"},
      {24, "VGA_PROXY_PCI_WRITE"},
      {28, "CREATE_RAM_GPA_RANGE"},
      {29, "RESET_RAM_GPA_RANGE"},
      {0xfffe, "UNMAP_FRAMEBUFFER"},
      {0xffff, "MAP_FRAMEBUFFER"},
  };
  for (const auto& row : kNames) {
    if (row.id == id) return row.name;
  }
  return "unknown";
}

std::string_view name_of(CreateStatus status) {
  constexpr std::array<std::string_view, 6> kNames{"SUCCESS",      "SLOT_OUT_OF_BOUNDS", "SLOT_OCCUPIED",
                                                   "INVALID_FLAG", "INVALID_GPA",        "FAILED"};
  const auto index = static_cast<std::size_t>(status);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace lowmeg::get
