// What holds for each decoder of saved state, whatever the bytes.
#pragma once

#include <algorithm>

#include "lowmeg/core/invariant.hpp"
#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bridge_meaning.hpp"
#include "lowmeg/state/chip_meaning.hpp"

namespace lowmeg::fuzz {

/// Refused with one line of plain text.
inline void check_refusal(const Error& error) {
  LOWMEG_INVARIANT(error.code == Errc::kInvalidArgument && error.os_error == 0, "the bytes are at fault");
  LOWMEG_INVARIANT(error.what.find(": ") != std::string::npos, "names what it is about");
  LOWMEG_INVARIANT(std::ranges::all_of(error.what, [](char c) { return c >= ' ' && c <= '~'; }), "one line");
}

/// Decoded is as good as encoded again: the value comes back, and so do the bytes of the second time.
template <typename T>
void check_value(const T& value, state::Buffer (*encode)(const T&), Result<T> (*decode)(state::Bytes)) {
  const state::Buffer bytes = encode(value);
  const Result<T> again = decode(bytes);
  LOWMEG_INVARIANT(again && *again == value, "what was encoded is decoded");
  LOWMEG_INVARIANT(encode(*again) == bytes, "a value has one encoding");
}

/// Decodes, then accepts by `accept_value`, and restores what is accepted by `restore`.
template <typename T, typename Accept, typename Restore>
void check_decoder(state::Bytes bytes, state::Buffer (*encode)(const T&), Result<T> (*decode)(state::Bytes),
                   Accept accept_value, Restore restore) {
  const Result<T> value = decode(bytes);
  if (!value) return check_refusal(value.error());
  check_value(*value, encode, decode);
  const auto accepted = accept_value(*value);
  if (!accepted) return check_refusal(accepted.error());
  LOWMEG_INVARIANT(state::to_saved(*accepted) == *value, "an accepted value loses nothing");
  restore(*accepted);
}

}  // namespace lowmeg::fuzz
