// The content of one protocol buffer message, piece by piece, on protobuf's CodedInputStream.
//
// Knows the wire, not the fields. A refusal names the place that the caller gives. Private to this room.
#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <optional>
#include <string>
#include <string_view>

#include "lowmeg/core/result.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

// The wire types of the protocol buffer encoding. 3 and 4 begin and end a group.
inline constexpr unsigned kVarintWire = 0, kFixed64Wire = 1, kLengthWire = 2, kFixed32Wire = 5;

/// Where in a state we are, as a chain on the stack; the outermost has no name.
struct Place {
  const Place* outer = nullptr;
  std::string_view name = {};
  std::optional<std::size_t> index = {};

  /// "handles[3].range.start"; empty for the outermost.
  std::string path() const;
};

/// kInvalidArgument, "path: reason".
tl::unexpected<Error> refuse(const Place& place, std::string_view reason);

struct Tag {
  std::uint32_t number;  ///< of the field, from 1 to 2^29 - 1
  unsigned wire_type;
};

/// The content of a field: a varint, or else bytes.
struct Payload {
  std::uint64_t varint = 0;
  Bytes bytes = {};
};

/// Borrows the bytes; fewer than 2 GiB.
class MessageReader {
 public:
  explicit MessageReader(Bytes bytes) : bytes_(bytes), input_(bytes.data(), static_cast<int>(bytes.size())) {}

  bool done() const { return rest().empty(); }
  /// What has not been read yet.
  Bytes rest() const { return bytes_.subspan(static_cast<std::size_t>(input_.CurrentPosition())); }
  /// Any 64 bits in at most 10 bytes, minimal or not.
  Result<std::uint64_t> varint(const Place& place);
  Result<Tag> tag(const Place& place);
  /// Refuses other wire types than the four above.
  Result<Payload> payload(unsigned wire_type, const Place& place);

 private:
  Result<Payload> take(std::uint64_t size, const Place& place);

  Bytes bytes_;
  google::protobuf::io::CodedInputStream input_;
};

}  // namespace lowmeg::state
