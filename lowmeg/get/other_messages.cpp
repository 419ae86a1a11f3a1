#include "lowmeg/get/other_messages.hpp"

#include <algorithm>

#include "lowmeg/get/wire_bytes.hpp"

namespace lowmeg::get {
namespace {

// VPCI_DEVICE_CONTROL and VPCI_DEVICE_BINDING_CHANGE know the status DEVICE_NOT_FOUND.
constexpr std::uint16_t kVpciDeviceControl = 19, kVpciBindingChange = 22;
constexpr std::uint32_t kDeviceNotFound = 2;
constexpr std::size_t kGuidSize = 16;

void append(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

std::optional<Message> refusal_of(Bytes request) {
  const auto head = prefix<wire::Header>(request);
  if (!head) return std::nullopt;
  std::vector<std::uint8_t> answer{wire::kMessageVersion,
                                   static_cast<std::uint8_t>(wire::MessageType::kHostResponse), request[2],
                                   request[3]};
  if (head->message_id == kVpciBindingChange) {
    const Bytes guid = request.subspan(sizeof(*head));
    if (guid.size() < kGuidSize) return std::nullopt;
    answer.insert(answer.end(), guid.begin(), guid.begin() + kGuidSize);
  } else if (head->message_id != kVpciDeviceControl) {
    return std::nullopt;
  }
  append(answer, kDeviceNotFound);
  return Message(std::move(answer));
}

}  // namespace lowmeg::get
