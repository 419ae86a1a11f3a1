#include "lowmeg/get/host_session.hpp"

#include <fmt/format.h>

#include <utility>

namespace lowmeg::get {
namespace {

Answer answer_to(const RangeRequest& request, CreateStatus status) {
  return std::holds_alternative<CreateRamGpaRange>(request) ? Answer{CreateAnswer{status}}
                                                            : Answer{ResetAnswer{}};
}

}  // namespace

Result<std::vector<Message>> HostSession::handle(Bytes message) {
  auto messages = dispatch(message);
  std::uint64_t sent = 0;
  if (messages) {
    for (const Message& answer : *messages) sent += answer.bytes().size();
  }
  host_->count_bytes(message.size(), sent);
  return messages;
}

Result<std::vector<Message>> HostSession::dispatch(Bytes message) {
  const auto decoded = decode_from_guest(message);
  if (!decoded) return tl::unexpected(decoded.error());
  const auto* request = std::get_if<Request>(&*decoded);
  const auto* version = request ? std::get_if<VersionOffer>(request) : nullptr;
  if (!version_agreed_ && !version) return fail(Errc::kProtocol, "GET message before the version exchange");
  const bool is_range = request && !version;
  if (batch_size_ != 0 && !is_range) return fail(Errc::kProtocol, "GET batch broken off by another message");

  if (version) return handle_version(*version);
  if (const auto* batch = std::get_if<Batch>(&*decoded)) return handle_batch(*batch);
  if (!request) return std::vector<Message>{};
  const auto* create = std::get_if<CreateRamGpaRange>(request);
  return handle_range(create ? RangeRequest{*create} : RangeRequest{std::get<ResetRamGpaRange>(*request)});
}

std::vector<Message> HostSession::handle_version(const VersionOffer& offer) {
  version_agreed_ = offer.version == wire::kProtocolNickelRev2;
  std::vector<Message> messages{encode(Answer{VersionAnswer{version_agreed_}})};
  if (version_agreed_ && batches_ == Batches::kOffered) messages.push_back(encode(BatchOffer{kMaxBatch}));
  return messages;
}

Result<std::vector<Message>> HostSession::handle_batch(const Batch& batch) {
  if (batches_ == Batches::kNotOffered) return std::vector<Message>{};
  if (batch.requests == 0 || batch.requests > kMaxBatch) {
    return fail(Errc::kProtocol, fmt::format("GET batch of {} requests", batch.requests));
  }
  batch_size_ = batch.requests;
  return std::vector<Message>{};
}

Result<std::vector<Message>> HostSession::handle_range(const RangeRequest& request) {
  batch_.push_back(request);
  if (batch_.size() < batch_size_) return std::vector<Message>{};
  const std::vector<RangeRequest> requests = std::exchange(batch_, {});
  batch_size_ = 0;
  std::vector<CreateStatus> statuses(requests.size());
  host_->apply(requests, statuses);
  std::vector<Message> answers;
  answers.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    answers.push_back(encode(answer_to(requests[i], statuses[i])));
  return answers;
}

}  // namespace lowmeg::get
