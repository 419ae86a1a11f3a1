// A channel of the C interface: a transport, whoever opened it.
#pragma once

#include <memory>
#include <vector>

#include "lowmeg/c/handles.hpp"
#include "lowmeg/get/transport.hpp"
#include "lowmeg/get/wire.hpp"

namespace lowmeg::c {

class Channel final : public Object {
 public:
  using Handle = lowmeg_channel;
  static constexpr Kind kKind = Kind::kChannel;
  static_assert(LOWMEG_MESSAGE_MAX == get::wire::kMaxMessageSize);

  explicit Channel(std::unique_ptr<get::Transport> transport)
      : Object(kKind), transport_(std::move(transport)), buffer_(get::wire::kMaxMessageSize) {}

  get::Transport& transport() { return *transport_; }
  /// The next message, valid until the next call.
  Result<std::span<const std::uint8_t>> receive(get::Deadline deadline) {
    const auto size = transport_->receive(buffer_, deadline);
    if (!size) return tl::unexpected(size.error());
    return std::span<const std::uint8_t>(buffer_).first(*size);
  }

 private:
  std::unique_ptr<get::Transport> transport_;
  std::vector<std::uint8_t> buffer_;
};

inline get::Deadline deadline_after(std::uint32_t milliseconds) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

/// Whether `size` bytes may be read from or written to this address.
inline bool are_bytes(const void* bytes, std::size_t size) {
  return bytes != nullptr || size == 0;
}

}  // namespace lowmeg::c
