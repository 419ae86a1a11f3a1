#include "lowmeg/get/host_session.hpp"

#include <fmt/format.h>

namespace lowmeg::get {

Result<std::optional<Message>> HostSession::handle(Bytes message) {
  const auto decoded = decode_from_guest(message);
  if (!decoded) return tl::unexpected(decoded.error());
  const auto* request = std::get_if<Request>(&*decoded);
  const bool is_version = request && std::holds_alternative<VersionOffer>(*request);
  if (!version_agreed_ && !is_version)
    return fail(Errc::kProtocol, "GET message before the version exchange");
  if (!request) return std::nullopt;
  return encode(answer(*request));
}

Answer HostSession::answer(const Request& request) {
  if (const auto* offer = std::get_if<VersionOffer>(&request)) {
    version_agreed_ = offer->version == wire::kProtocolNickelRev2;
    return VersionAnswer{version_agreed_};
  }
  const auto* create = std::get_if<CreateRamGpaRange>(&request);
  const RangeRequest range_request =
      create ? RangeRequest{*create} : RangeRequest{std::get<ResetRamGpaRange>(request)};
  CreateStatus status = CreateStatus::kFailed;
  host_.apply({&range_request, 1}, {&status, 1});
  return create ? Answer{CreateAnswer{status}} : Answer{ResetAnswer{}};
}

}  // namespace lowmeg::get
