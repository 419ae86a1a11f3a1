#include "lowmeg/state/envelope.hpp"

#include <fmt/format.h>

#include "lowmeg/state/message_io.hpp"
#include "lowmeg/state/proto/envelope.pb.h"
#include "lowmeg/state/wire_schema.hpp"

namespace lowmeg::state {
namespace {

// What somebody else wrote, fit for one line.
std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::string shown = "\"";
  for (const char c : text.substr(0, kLongest)) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace

Buffer wrap(std::string_view type_url, Bytes value) {
  envelope::Any message;
  message.set_type_url(type_url.data(), type_url.size());
  message.set_value(value.data(), value.size());
  return serialize(message);
}

Result<Buffer> unwrap(Bytes any, std::string_view type_url) {
  envelope::Any message;
  if (auto parsed = parse(any, kAnyRows, message); !parsed) return tl::unexpected(parsed.error());
  if (message.type_url() != type_url) {
    return fail(Errc::kInvalidArgument,
                fmt::format("type_url: {}, where \"{}\" is right", quoted(message.type_url()), type_url));
  }
  return Buffer(message.value().begin(), message.value().end());
}

}  // namespace lowmeg::state
