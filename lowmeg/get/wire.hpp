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
inline constexpr std::size_t kMaxPayloadSize = 8192;  // of saved state in one message
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
  kSaveGuestVtl2State = 20,
  kRestoreGuestVtl2State = 21,
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

enum class SaveRestoreStatus : std::uint16_t {
  kSuccess = 0,
  kFailure = 1,
  kMoreData = 2,
  kRequestData = 3,
};

inline constexpr std::uint16_t kSaveGuestVtl2StateNotice = 2;     // guest notification: save, and make room
inline constexpr std::uint16_t kRestoreGuestVtl2StateResult = 5;  // host notification: how a restore went

// Lowmeg's own, private notifications for batches; every other peer logs and ignores them, as the protocol
// has it. GET's ids of both directions count up from 1.
inline constexpr std::uint16_t kBatchOfferId = 0xff4c;  // guest notification: the host takes batches
inline constexpr std::uint16_t kBatchId = 0xff4c;       // host notification: the next requests are one batch

// And those of split mode, where the host keeps the paravisor's state.
inline constexpr std::uint16_t kStateId = 0xff4d;   // guest notification: what the host keeps
inline constexpr std::uint16_t kAccessId = 0xff4e;  // guest notification: a config access of the guest's
inline constexpr std::uint16_t kDoneId = 0xff4d;    // host notification: what became of it
inline constexpr std::uint16_t kKeepId = 0xff4e;    // host notification: a state without an access
// A VERSION request with these four bytes behind it asks for the seat of a paravisor that is still there.
// Hosts parse requests as prefixes, so any other one just sees a VERSION request.
inline constexpr std::uint32_t kTakeOver = 0x454b4154;  // "TAKE"

inline constexpr std::uint64_t kFlagRomMb = 1u << 1;  // writes are discarded; all other bits are reserved

#pragma pack(push, 1)

struct Header {
  std::uint8_t message_version;
  MessageType message_type;
  std::uint16_t message_id;
};
static_assert(sizeof(Header) == 4);

/// `Id` is one of the enumerations of ids, or the id itself.
template <typename Id>
constexpr Header header_for(MessageType type, Id id) {
  return {kMessageVersion, type, static_cast<std::uint16_t>(id)};
}

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

struct TakeOverRequest {
  VersionRequest version;
  std::uint32_t take_over;  // kTakeOver
};
static_assert(sizeof(TakeOverRequest) == 12);

inline constexpr std::uint32_t kStateUnsure = 1u << 0;  // ranges were asked for that the state does not know

struct StateNotification {
  Header header;
  std::uint64_t ram_size;     // of the first block, from 0, in bytes
  std::uint32_t personality;  // which bridge the machine has; the embedder's number
  std::uint32_t flags;
  // the state follows; none: power on
};
static_assert(sizeof(StateNotification) == 20);

inline constexpr std::uint8_t kAccessRedo = 1u << 0;  // it was handed over before, to a paravisor that died

struct AccessNotification {
  Header header;
  std::uint8_t kind;
  std::uint8_t flags;
  std::uint8_t function;  // 0 the host bridge, 1 the AGP bridge
  std::uint8_t offset;    // a multiple of 4
  std::uint8_t byte_enables;
  std::uint8_t reserved[3];
  std::uint32_t value;
};
static_assert(sizeof(AccessNotification) == 16);

struct DoneNotification {
  Header header;
  std::uint8_t
      outcome;  // 0 done and the state unchanged, 1 done and the new state follows, 2 an error's line
  std::uint8_t reserved[3];
  std::uint32_t value;  // the dword as it reads now
};
static_assert(sizeof(DoneNotification) == 12);

struct KeepNotification {
  Header header;
  // the state follows
};
static_assert(sizeof(KeepNotification) == 4);

struct SaveNotification {
  Header header;
  std::uint8_t correlation_id[16];
  std::uint64_t capabilities_flags;
  std::uint16_t timeout_hint_secs;
};
static_assert(sizeof(SaveNotification) == 30);

struct SaveRequest {
  Header header;
  SaveRestoreStatus status;
  // a part of the state follows
};
static_assert(sizeof(SaveRequest) == 6);

struct SaveResponse {
  Header header;
  SaveRestoreStatus status;
};
static_assert(sizeof(SaveResponse) == 6);

struct RestoreRequest {
  Header header;
  SaveRestoreStatus status;
};
static_assert(sizeof(RestoreRequest) == 6);

struct RestoreResponse {
  Header header;
  std::uint32_t data_length;
  SaveRestoreStatus status;
  // a part of the state follows
};
static_assert(sizeof(RestoreResponse) == 10);

struct RestoreResultNotification {
  Header header;
  SaveRestoreStatus status;
};
static_assert(sizeof(RestoreResultNotification) == 6);

#pragma pack(pop)

}  // namespace lowmeg::get::wire
