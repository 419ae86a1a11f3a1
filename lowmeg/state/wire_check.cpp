#include "lowmeg/state/wire_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "lowmeg/state/message_reader.hpp"
#include "lowmeg/state/utf8.hpp"

namespace lowmeg::state {
namespace {

Result<void> check_width(std::uint64_t value, unsigned bits, const Place& place) {
  if (bits >= 64 || value >> bits == 0) return {};
  return refuse(place, fmt::format("{:x}h is wider than {} bit{}", value, bits, bits == 1 ? "" : "s"));
}

Result<void> check_packed(const FieldRow& row, Bytes bytes, const Place& place) {
  MessageReader reader(bytes);
  for (std::size_t i = 0; !reader.done(); ++i) {
    const Place entry{&place, {}, i};
    const Result<std::uint64_t> value = reader.varint(entry);
    if (!value) return tl::unexpected(value.error());
    if (auto fits = check_width(*value, row.bits, entry); !fits) return fits;
  }
  return {};
}

Result<void> check_message(Bytes bytes, std::span<const FieldRow> rows, const Place& place);

unsigned wire_type_of(FieldType type) {
  return type == FieldType::kVarint ? kVarintWire : kLengthWire;
}

Result<void> check_payload(const FieldRow& row, const Payload& payload, const Place& place) {
  switch (row.type) {
    case FieldType::kVarint:
      return check_width(payload.varint, row.bits, place);
    case FieldType::kPackedVarints:
      return check_packed(row, payload.bytes, place);
    case FieldType::kBytes:
      return {};
    case FieldType::kString:
      return is_utf8(payload.bytes) ? Result<void>() : refuse(place, "not UTF-8");
    case FieldType::kMessage:
      return check_message(payload.bytes, row.message, place);
  }
  return {};
}

Result<void> check_message(Bytes bytes, std::span<const FieldRow> rows, const Place& place) {
  MessageReader reader(bytes);
  std::array<std::size_t, kMaxRows> seen{};
  while (!reader.done()) {
    const Result<Tag> tag = reader.tag(place);
    if (!tag) return tl::unexpected(tag.error());
    const auto row =
        std::ranges::find_if(rows, [&](const FieldRow& known) { return known.number == tag->number; });
    Place inner{&place, "(unknown field)", {}};
    if (row != rows.end()) {
      inner.name = row->name;
      if (row->count == Count::kMany) inner.index = seen[static_cast<std::size_t>(row - rows.begin())]++;
      if (const unsigned right = wire_type_of(row->type); tag->wire_type != right) {
        return refuse(inner, fmt::format("wire type {}, where {} is right", tag->wire_type, right));
      }
    }
    const Result<Payload> payload = reader.payload(tag->wire_type, inner);
    if (!payload) return tl::unexpected(payload.error());
    if (row == rows.end()) continue;
    if (auto passed = check_payload(*row, *payload, inner); !passed) return passed;
  }
  return {};
}

}  // namespace

Result<void> check_wire(Bytes bytes, std::span<const FieldRow> rows) {
  const Place outermost;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return refuse(outermost, "2 GiB or more");
  }
  return check_message(bytes, rows, outermost);
}

}  // namespace lowmeg::state
