#include "lowmeg/get/host_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lowmeg::get {
namespace {

// A paravisor's whole state may be large; what nobody can want is refused.
constexpr std::size_t kMaxSavedState = 1 << 20;

using Messages = Result<std::vector<Message>>;

Answer answer_to(const RangeRequest& request, CreateStatus status) {
  return std::holds_alternative<CreateRamGpaRange>(request) ? Answer{CreateAnswer{status}}
                                                            : Answer{ResetAnswer{}};
}

// The request for a range, if it is one.
std::optional<RangeRequest> range_of(const FromGuest& decoded) {
  const auto* request = std::get_if<Request>(&decoded);
  if (!request) return std::nullopt;
  if (const auto* create = std::get_if<CreateRamGpaRange>(request)) return *create;
  if (const auto* reset = std::get_if<ResetRamGpaRange>(request)) return *reset;
  return std::nullopt;
}

}  // namespace

Messages HostSession::handle(Bytes message) {
  auto messages = dispatch(message);
  std::uint64_t sent = 0;
  if (messages) {
    for (const Message& answer : *messages) sent += answer.bytes().size();
  }
  host_->count_bytes(message.size(), sent);
  return messages;
}

Messages HostSession::dispatch(Bytes message) {
  const auto decoded = decode_from_guest(message);
  if (!decoded) return tl::unexpected(decoded.error());
  const auto* request = std::get_if<Request>(&*decoded);
  const auto* version = request ? std::get_if<VersionOffer>(request) : nullptr;
  if (!version_agreed_ && !version) return fail(Errc::kProtocol, "GET message before the version exchange");
  const auto range = range_of(*decoded);
  if (batch_size_ != 0 && !range) return fail(Errc::kProtocol, "GET batch broken off by another message");
  if (version) return handle_version(*version);
  return range ? handle_range(*range) : dispatch(*decoded, message);
}

Messages HostSession::dispatch(const FromGuest& decoded, Bytes message) {
  if (const auto* batch = std::get_if<Batch>(&decoded)) return handle_batch(*batch);
  if (const auto* done = std::get_if<Done>(&decoded)) return handle_done(*done);
  if (const auto* keep = std::get_if<Keep>(&decoded)) return handle_keep(*keep);
  if (const auto* part = std::get_if<SavePart>(&decoded)) return handle_save(*part);
  if (std::holds_alternative<RestoreRequest>(decoded)) return handle_restore();
  if (std::holds_alternative<RestoreResult>(decoded)) return std::vector<Message>{};
  const auto* request = std::get_if<OtherRequest>(&decoded);
  return handle_other(message, request ? std::optional(request->id) : std::nullopt);
}

std::vector<Message> HostSession::handle_version(const VersionOffer& offer) {
  version_agreed_ = offer.version == wire::kProtocolNickelRev2;
  std::vector<Message> messages{encode(Answer{VersionAnswer{version_agreed_}})};
  if (!version_agreed_) return messages;
  if (parts_.batches == Batches::kOffered) messages.push_back(encode(BatchOffer{kMaxBatch}));
  if (!parts_.keeper) return messages;
  // What is too long for it can be had by RESTORE_GUEST_VTL2_STATE alone.
  if (const State state = parts_.keeper->state(); state.bytes.size() <= kMaxState)
    messages.push_back(encode(state));
  return messages;
}

Messages HostSession::handle_batch(const Batch& batch) {
  if (parts_.batches == Batches::kNotOffered) return std::vector<Message>{};
  if (batch.requests == 0 || batch.requests > kMaxBatch) {
    return fail(Errc::kProtocol, fmt::format("GET batch of {} requests", batch.requests));
  }
  batch_size_ = batch.requests;
  return std::vector<Message>{};
}

Messages HostSession::handle_range(const RangeRequest& request) {
  batch_.push_back(request);
  if (batch_.size() < batch_size_) return std::vector<Message>{};
  const std::vector<RangeRequest> requests = std::exchange(batch_, {});
  batch_size_ = 0;
  if (parts_.keeper && !access_in_hand_) parts_.keeper->doubt();
  std::vector<CreateStatus> statuses(requests.size());
  host_->apply(requests, statuses);
  std::vector<Message> answers;
  answers.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    answers.push_back(encode(answer_to(requests[i], statuses[i])));
  return answers;
}

Message HostSession::hand_over(const Access& access) {
  LOWMEG_INVARIANT(version_agreed_ && !access_in_hand_, "one access at a time");
  access_in_hand_ = true;
  done_.reset();
  return encode(access);
}

Messages HostSession::handle_done(const Done& done) {
  if (!std::exchange(access_in_hand_, false)) return fail(Errc::kProtocol, "GET DONE without an ACCESS");
  if (done.outcome == Done::Outcome::kNewState && parts_.keeper) parts_.keeper->keep(done.bytes);
  done_ = done;
  return std::vector<Message>{};
}

Messages HostSession::handle_keep(const Keep& keep) {
  if (!parts_.keeper) return fail(Errc::kProtocol, "GET KEEP to a host that keeps no state");
  parts_.keeper->keep(keep.bytes);
  return std::vector<Message>{};
}

Message HostSession::ask_to_save(std::uint16_t timeout_hint_secs) {
  saving_ = true;
  saved_so_far_.clear();
  saved_.reset();
  return encode(SaveNotice{timeout_hint_secs});
}

Messages HostSession::handle_save(const SavePart& part) {
  if (!saving_) return fail(Errc::kProtocol, "GET save that the host did not ask for");
  if (part.status == SaveRestoreStatus::kFailure) {
    saving_ = false;
    saved_ = false;
    return std::vector<Message>{};  // the protocol has no answer to it
  }
  if (saved_so_far_.size() + part.bytes.size() > kMaxSavedState)
    return fail(Errc::kProtocol, "GET save of more than 1 MiB");
  saved_so_far_.insert(saved_so_far_.end(), part.bytes.begin(), part.bytes.end());
  if (part.status == SaveRestoreStatus::kMoreData) return std::vector<Message>{};
  saving_ = false;
  saved_ = parts_.keeper && !saved_so_far_.empty();
  if (*saved_) parts_.keeper->keep(std::exchange(saved_so_far_, {}));
  return std::vector<Message>{
      encode(SaveAnswer{*saved_ ? SaveRestoreStatus::kSuccess : SaveRestoreStatus::kFailure})};
}

std::vector<Message> HostSession::handle_restore() const {
  std::vector<std::uint8_t> bytes;
  if (parts_.keeper) bytes = parts_.keeper->state().bytes;
  if (bytes.empty()) return {encode(RestorePart{SaveRestoreStatus::kFailure, {}})};
  std::vector<Message> parts;
  for (std::size_t at = 0; at < bytes.size(); at += kMaxState) {
    const std::size_t size = std::min(kMaxState, bytes.size() - at);
    const bool is_last = at + size == bytes.size();
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    parts.push_back(encode(RestorePart{is_last ? SaveRestoreStatus::kSuccess : SaveRestoreStatus::kMoreData,
                                       {first, first + static_cast<std::ptrdiff_t>(size)}}));
  }
  return parts;
}

Messages HostSession::handle_other(Bytes message, std::optional<std::uint16_t> request) {
  if (parts_.others) {
    if (auto answers = parts_.others->handle(message)) {
      std::vector<Message> messages;
      for (auto& answer : *answers) messages.emplace_back(std::move(answer));
      return messages;
    }
  }
  if (!request) return std::vector<Message>{};
  if (auto refusal = refusal_of(message)) return std::vector<Message>{std::move(*refusal)};
  return fail(Errc::kProtocol, fmt::format("GET request {} ({}) is one that nobody answers here", *request,
                                           request_name(*request)));
}

}  // namespace lowmeg::get
