#include "lowmeg/core/invariant.hpp"
#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {
namespace {

using wire::header_for;
using wire::HostRequestId;
using wire::MessageType;

template <typename Wire>
Message with_state(const Wire& wire, Bytes bytes) {
  LOWMEG_INVARIANT(bytes.size() <= kMaxState, "a state that fits in a message");
  return Message(wire, bytes);
}

}  // namespace

Message encode(const State& state) {
  return with_state(
      wire::StateNotification{header_for(MessageType::kGuestNotification, wire::kStateId), state.ram_size,
                              state.personality, state.unsure ? wire::kStateUnsure : 0},
      state.bytes);
}

Message encode(const Access& access) {
  const auto flags = static_cast<std::uint8_t>(access.redo ? wire::kAccessRedo : 0);
  return Message(wire::AccessNotification{header_for(MessageType::kGuestNotification, wire::kAccessId),
                                          static_cast<std::uint8_t>(access.kind),
                                          flags,
                                          access.function,
                                          access.offset,
                                          access.byte_enables,
                                          {},
                                          access.value});
}

Message encode(const Done& done) {
  return with_state(wire::DoneNotification{header_for(MessageType::kHostNotification, wire::kDoneId),
                                           static_cast<std::uint8_t>(done.outcome),
                                           {},
                                           done.value},
                    done.bytes);
}

Message encode(const Keep& keep) {
  return with_state(wire::KeepNotification{header_for(MessageType::kHostNotification, wire::kKeepId)},
                    keep.bytes);
}

Message encode(const SaveNotice& notice) {
  return Message(
      wire::SaveNotification{header_for(MessageType::kGuestNotification, wire::kSaveGuestVtl2StateNotice),
                             {},
                             0,
                             notice.timeout_hint_secs});
}

Message encode(const SavePart& part) {
  return with_state(
      wire::SaveRequest{header_for(MessageType::kHostRequest, HostRequestId::kSaveGuestVtl2State),
                        part.status},
      part.bytes);
}

Message encode(const SaveAnswer& answer) {
  return Message(wire::SaveResponse{
      header_for(MessageType::kHostResponse, HostRequestId::kSaveGuestVtl2State), answer.status});
}

Message encode(const RestoreRequest&) {
  return Message(
      wire::RestoreRequest{header_for(MessageType::kHostRequest, HostRequestId::kRestoreGuestVtl2State),
                           SaveRestoreStatus::kRequestData});
}

Message encode(const RestorePart& part) {
  return with_state(
      wire::RestoreResponse{header_for(MessageType::kHostResponse, HostRequestId::kRestoreGuestVtl2State),
                            static_cast<std::uint32_t>(part.bytes.size()), part.status},
      part.bytes);
}

Message encode(const RestoreResult& result) {
  return Message(wire::RestoreResultNotification{
      header_for(MessageType::kHostNotification, wire::kRestoreGuestVtl2StateResult), result.status});
}

}  // namespace lowmeg::get
