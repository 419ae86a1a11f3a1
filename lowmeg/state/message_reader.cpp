#include "lowmeg/state/message_reader.hpp"

#include <fmt/format.h>

namespace lowmeg::state {
namespace {

constexpr std::uint32_t kMaxFieldNumber = (1u << 29) - 1;
constexpr std::size_t kMaxVarintSize = 10;

}  // namespace

std::string Place::path() const {
  std::string text = outer ? outer->path() : std::string();
  if (!text.empty() && !name.empty()) text += '.';
  text += name;
  if (index) text += fmt::format("[{}]", *index);
  return text;
}

tl::unexpected<Error> refuse(const Place& place, std::string_view reason) {
  const std::string path = place.path();
  return fail(Errc::kInvalidArgument, fmt::format("{}: {}", path.empty() ? "the state" : path, reason));
}

Result<std::uint64_t> MessageReader::varint(const Place& place) {
  const Bytes before = rest();
  std::uint64_t value = 0;
  if (!input_.ReadVarint64(&value)) {
    return refuse(place, before.size() < kMaxVarintSize ? "the input ends within a varint"
                                                        : "a varint of more than 10 bytes");
  }
  // The tenth byte holds bit 63 alone.
  const std::size_t size = before.size() - rest().size();
  if (size == kMaxVarintSize && before[kMaxVarintSize - 1] > 1) {
    return refuse(place, "a varint of more than 64 bits");
  }
  return value;
}

Result<Tag> MessageReader::tag(const Place& place) {
  const Result<std::uint64_t> value = varint(place);
  if (!value) return tl::unexpected(value.error());
  const std::uint64_t number = *value >> 3;
  if (number == 0 || number > kMaxFieldNumber) {
    return refuse(place, fmt::format("{} is no field number", number));
  }
  return Tag{static_cast<std::uint32_t>(number), static_cast<unsigned>(*value & 7)};
}

Result<Payload> MessageReader::payload(unsigned wire_type, const Place& place) {
  switch (wire_type) {
    case kVarintWire:
      return varint(place).map([](std::uint64_t value) { return Payload{value, {}}; });
    case kFixed64Wire:
      return take(8, place);
    case kLengthWire:
      return varint(place).and_then([&](std::uint64_t size) { return take(size, place); });
    case kFixed32Wire:
      return take(4, place);
    default:
      return refuse(place, fmt::format("wire type {} is not supported", wire_type));
  }
}

Result<Payload> MessageReader::take(std::uint64_t size, const Place& place) {
  const Bytes from = rest();
  if (size > from.size()) {
    return refuse(place, fmt::format("the input ends {} bytes too early", size - from.size()));
  }
  input_.Skip(static_cast<int>(size));
  return Payload{0, from.first(size)};
}

}  // namespace lowmeg::state
