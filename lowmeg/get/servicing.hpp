// What travels when a paravisor is serviced: Lowmeg's private messages of split mode, and GET's own for
// saving and restoring. Values and their bytes; no I/O and no state.
//
// Split mode: the host keeps the paravisor's state, as bytes that it does not look into. STATE comes after
// the version exchange; ACCESS hands one config access over, DONE brings its outcome and the new state. GET's
// own: OpenVMM's get_protocol, SAVE_GUEST_VTL2_STATE and RESTORE_GUEST_VTL2_STATE.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lowmeg/get/wire.hpp"

namespace lowmeg::get {

using wire::SaveRestoreStatus;

/// The most that STATE, DONE and KEEP carry, in bytes.
inline constexpr std::size_t kMaxState = wire::kMaxPayloadSize;

/// What the host keeps, for a paravisor that takes its seat.
struct State {
  std::uint64_t ram_size = 0;     ///< bytes of RAM from 0
  std::uint32_t personality = 0;  ///< which bridge the machine has; the embedder's number
  bool unsure = false;            ///< the host was asked for ranges that the state does not know
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const State&, const State&) = default;
};

enum class AccessKind : std::uint8_t { kRead, kWrite, kPowerOn, kReset };

/// One access of the guest's to the bridge. At most one is in hand.
struct Access {
  AccessKind kind = AccessKind::kRead;
  bool redo = false;              ///< a paravisor that died may have done it, or a part of it
  std::uint8_t function = 0;      ///< device 0 or 1 on bus 0
  std::uint8_t offset = 0;        ///< a multiple of 4
  std::uint8_t byte_enables = 0;  ///< of a write
  std::uint32_t value = 0;        ///< of a write
  friend bool operator==(const Access&, const Access&) = default;
};

/// What became of an access.
struct Done {
  enum class Outcome : std::uint8_t { kUnchanged, kNewState, kFailed };
  Outcome outcome = Outcome::kUnchanged;
  std::uint32_t value = 0;          ///< the dword as it reads now
  std::vector<std::uint8_t> bytes;  ///< the new state, or the error's line
  friend bool operator==(const Done&, const Done&) = default;
};

/// A state that no access brought: what the paravisor has after it took its seat with other ranges.
struct Keep {
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const Keep&, const Keep&) = default;
};

/// The host asks the paravisor to save itself and make room.
struct SaveNotice {
  std::uint16_t timeout_hint_secs = 0;
  friend bool operator==(const SaveNotice&, const SaveNotice&) = default;
};
/// A part of the saved state, the last one with kSuccess; or kFailure.
struct SavePart {
  SaveRestoreStatus status = SaveRestoreStatus::kFailure;
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const SavePart&, const SavePart&) = default;
};
struct SaveAnswer {
  SaveRestoreStatus status = SaveRestoreStatus::kFailure;
  friend bool operator==(const SaveAnswer&, const SaveAnswer&) = default;
};
/// The paravisor asks for the saved state.
struct RestoreRequest {
  friend bool operator==(const RestoreRequest&, const RestoreRequest&) = default;
};
/// A part of it, the last one with kSuccess; or kFailure.
struct RestorePart {
  SaveRestoreStatus status = SaveRestoreStatus::kFailure;
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const RestorePart&, const RestorePart&) = default;
};
/// How the restore went.
struct RestoreResult {
  SaveRestoreStatus status = SaveRestoreStatus::kFailure;
  friend bool operator==(const RestoreResult&, const RestoreResult&) = default;
};

class Message;

/// At most kMaxState bytes each (else the program is wrong).
Message encode(const State& state);
Message encode(const Access& access);
Message encode(const Done& done);
Message encode(const Keep& keep);
Message encode(const SaveNotice& notice);
Message encode(const SavePart& part);
Message encode(const SaveAnswer& answer);
Message encode(const RestoreRequest& request);
Message encode(const RestorePart& part);
Message encode(const RestoreResult& result);

}  // namespace lowmeg::get
