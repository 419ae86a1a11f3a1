// Hands a message over to a buffer of the caller's.
#pragma once

#include <algorithm>
#include <optional>

#include "lowmeg/c/failure.hpp"
#include "lowmeg/get/codec.hpp"

namespace lowmeg::c {

/// Gives size 0 for none. A message that does not fit stays, and its size is written.
inline std::int32_t hand_over(std::optional<get::Message>& message, std::uint8_t* buffer,
                              std::size_t capacity, std::size_t* size) {
  if (!size || (!buffer && capacity != 0))
    return failed(LOWMEG_INVALID_ARGUMENT, "nowhere to put the message");
  *size = message ? message->bytes().size() : 0;
  if (*size > capacity) return failed(LOWMEG_TOO_SMALL, "the message is larger than the buffer");
  if (message) std::ranges::copy(message->bytes(), buffer);
  message.reset();
  return LOWMEG_OK;
}

}  // namespace lowmeg::c
