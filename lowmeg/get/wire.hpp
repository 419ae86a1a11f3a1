// The bytes of the GET protocol (guest emulation transport), as far as RAM GPA ranges need them.
//
// Source: OpenVMM vm/devices/get/get_protocol/src/lib.rs. All little-endian; a message has no length field,
// the transport keeps its boundaries.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace lowmeg::get::wire {

static_assert(std::endian::native == std::endian::little, "the structures below are copied as they stand");

inline constexpr std::size_t kMaxMessageSize = 12288;
inline constexpr std::uint8_t kMessageVersion = 1;
inline constexpr std::uint32_t kProtocolNickelRev2 = 0x00040002;  // 4.2, the only one that OpenHCL offers

enum class MessageType : std::uint8_t {
  kHostNotification = 1,   // guest to host, no answer
  kHostRequest = 2,        // guest to host
  kHostResponse = 3,       // host to guest
  kGuestNotification = 4,  // host to guest, no answer
};

enum class HostRequestId : std::uint16_t {
  kVersion = 1,
  kCreateRamGpaRange = 28,
  kResetRamGpaRange = 29,
};

enum class CreateStatus : std::uint32_t {
  kSuccess = 0,
  kSlotOutOfBounds = 1,
  kSlotOccupied = 2,  // must be reset first
  kInvalidFlag = 3,
  kInvalidGpa = 4,
  kFailed = 5,
};

// Lowmeg's own, private notifications for batches; every other peer logs and ignores them, as the protocol
// has it. GET's ids of both directions count up from 1.
inline constexpr std::uint16_t kBatchOfferId = 0xff4c;  // guest notification: the host takes batches
inline constexpr std::uint16_t kBatchId = 0xff4c;       // host notification: the next requests are one batch

inline constexpr std::uint64_t kFlagRomMb = 1u << 1;  // writes are discarded; all other bits are reserved

#pragma pack(push, 1)

struct Header {
  std::uint8_t message_version;
  MessageType message_type;
  std::uint16_t message_id;
};
static_assert(sizeof(Header) == 4);

struct VersionRequest {
  Header header;
  std::uint32_t version;  // major << 16 | minor
};
static_assert(sizeof(VersionRequest) == 8);

struct VersionResponse {
  Header header;
  std::uint8_t accepted;  // 0 or 1
  std::uint8_t pad;
};
static_assert(sizeof(VersionResponse) == 6);

struct CreateRamGpaRangeRequest {
  Header header;
  std::uint32_t slot;
  std::uint64_t gpa_start;
  std::uint64_t gpa_count;   // in bytes, as the only known client fills it
  std::uint64_t gpa_offset;  // GPA of the RAM that backs the range
  std::uint64_t flags;
};
static_assert(sizeof(CreateRamGpaRangeRequest) == 40);

struct CreateRamGpaRangeResponse {
  Header header;
  CreateStatus status;
};
static_assert(sizeof(CreateRamGpaRangeResponse) == 8);

struct ResetRamGpaRangeRequest {
  Header header;
  std::uint32_t slot;
};
static_assert(sizeof(ResetRamGpaRangeRequest) == 8);

struct ResetRamGpaRangeResponse {
  Header header;  // no status: a reset cannot fail
};
static_assert(sizeof(ResetRamGpaRangeResponse) == 4);

struct BatchOfferNotification {
  Header header;
  std::uint32_t max_requests;
};
static_assert(sizeof(BatchOfferNotification) == 8);

struct BatchNotification {
  Header header;
  std::uint32_t requests;
};
static_assert(sizeof(BatchNotification) == 8);

#pragma pack(pop)

}  // namespace lowmeg::get::wire
