// GET messages between values and bytes, both ways round. No I/O and no state.
//
// The rules for what is refused are those of OpenHCL's client (exact sizes, exact header) and of OpenVMM's
// host (requests are parsed as prefixes: extra bytes are ignored); see the reference on GET.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "lowmeg/core/result.hpp"
#include "lowmeg/get/servicing.hpp"
#include "lowmeg/get/wire.hpp"

namespace lowmeg::get {

using wire::CreateStatus;
using Bytes = std::span<const std::uint8_t>;

struct VersionOffer {
  std::uint32_t version = 0;  ///< major << 16 | minor
  bool take_over = false;     ///< asks for the seat of a paravisor that is still there; private to Lowmeg
  friend bool operator==(const VersionOffer&, const VersionOffer&) = default;
};

/// An override: RAM from `gpa_offset` shows at [gpa_start, gpa_start + gpa_count). All in bytes, unchecked.
struct CreateRamGpaRange {
  std::uint32_t slot = 0;
  std::uint64_t gpa_start = 0;
  std::uint64_t gpa_count = 0;
  std::uint64_t gpa_offset = 0;
  std::uint64_t flags = 0;
  friend bool operator==(const CreateRamGpaRange&, const CreateRamGpaRange&) = default;
};

struct ResetRamGpaRange {
  std::uint32_t slot = 0;
  friend bool operator==(const ResetRamGpaRange&, const ResetRamGpaRange&) = default;
};

/// The two requests that change guest memory.
using RangeRequest = std::variant<CreateRamGpaRange, ResetRamGpaRange>;
/// Every request that Lowmeg's host answers.
using Request = std::variant<VersionOffer, CreateRamGpaRange, ResetRamGpaRange>;
inline Request as_request(const RangeRequest& request) {
  return std::visit([](const auto& value) { return Request{value}; }, request);
}

struct VersionAnswer {
  bool accepted = false;
  friend bool operator==(const VersionAnswer&, const VersionAnswer&) = default;
};
struct CreateAnswer {
  CreateStatus status = CreateStatus::kFailed;
  friend bool operator==(const CreateAnswer&, const CreateAnswer&) = default;
};
struct ResetAnswer {
  friend bool operator==(const ResetAnswer&, const ResetAnswer&) = default;
};
using Answer = std::variant<VersionAnswer, CreateAnswer, ResetAnswer, SaveAnswer, RestorePart>;

/// A notification that Lowmeg does not know; its payload is nobody's business here.
struct Notification {
  std::uint16_t id = 0;
  friend bool operator==(const Notification&, const Notification&) = default;
};

/// The host takes batches of up to `max_requests`. Private to Lowmeg.
struct BatchOffer {
  std::uint32_t max_requests = 0;
  friend bool operator==(const BatchOffer&, const BatchOffer&) = default;
};
/// The next `requests` requests are one batch: one change of the map, and as many answers. Private to Lowmeg.
struct Batch {
  std::uint32_t requests = 0;
  friend bool operator==(const Batch&, const Batch&) = default;
};

/// A request that Lowmeg does not know: the embedder's, who may.
struct OtherRequest {
  std::uint16_t id = 0;
  friend bool operator==(const OtherRequest&, const OtherRequest&) = default;
};

using FromHost = std::variant<Answer, BatchOffer, Notification, State, Access, SaveNotice>;
using FromGuest = std::variant<Request, Batch, Notification, OtherRequest, Done, Keep, SavePart,
                               RestoreRequest, RestoreResult>;

/// An encoded message.
class Message {
 public:
  template <typename Wire>
  explicit Message(const Wire& wire) : size_(sizeof(Wire)) {
    static_assert(sizeof(Wire) <= kCapacity);
    // SAFETY: the wire structures are packed, trivially copyable and hold no padding.
    const auto* first = reinterpret_cast<const std::uint8_t*>(&wire);
    for (std::size_t i = 0; i < sizeof(Wire); ++i) data_[i] = first[i];
  }
  /// A structure with bytes behind it.
  template <typename Wire>
  Message(const Wire& wire, Bytes payload) : Message(wire) {
    if (payload.empty()) return;
    long_.reserve(size_ + payload.size());
    long_.assign(data_.begin(), data_.begin() + size_);
    long_.insert(long_.end(), payload.begin(), payload.end());
  }
  /// An answer that somebody else has encoded.
  explicit Message(std::vector<std::uint8_t> bytes) : long_(std::move(bytes)) {}
  Bytes bytes() const { return long_.empty() ? Bytes(data_.data(), size_) : Bytes(long_); }

 private:
  static constexpr std::size_t kCapacity = sizeof(wire::CreateRamGpaRangeRequest);
  std::array<std::uint8_t, kCapacity> data_{};
  std::size_t size_ = 0;
  std::vector<std::uint8_t> long_;  // all of it, if there is a payload
};

Message encode(const Request& request);
Message encode(const Answer& answer);
Message encode(const BatchOffer& offer);
Message encode(const Batch& batch);

/// What the guest side reads from the host while it waits for the answer to `awaited`. Anything that is not
/// due is kProtocol, one line.
Result<FromHost> decode_from_host(Bytes message, wire::HostRequestId awaited);

/// What the host reads from the guest.
Result<FromGuest> decode_from_guest(Bytes message);

/// The name that the protocol has for a request, or "unknown".
std::string_view request_name(std::uint16_t id);

/// Whether the message is a response, by its header alone.
bool is_response(Bytes message);

wire::HostRequestId id_of(const Request& request);
/// "SUCCESS", "SLOT_OCCUPIED", ...; "status 9" has no name and gives "unknown".
std::string_view name_of(CreateStatus status);

}  // namespace lowmeg::get
