// The steps that both decoders share: a structure from the front of a message, and a refusal of one line.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {

template <typename Wire>
std::optional<Wire> prefix(Bytes message) {
  if (message.size() < sizeof(Wire)) return std::nullopt;
  Wire wire;
  std::memcpy(&wire, message.data(), sizeof(Wire));
  return wire;
}

template <typename... Arguments>
tl::unexpected<Error> refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return lowmeg::fail(Errc::kProtocol, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace lowmeg::get
