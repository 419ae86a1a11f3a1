// Hostile input of `lowmeg state`: the first byte picks the kind and the direction, the rest is the JSON, or
// the bytes.
#include "cli/state/state_json.hpp"
#include "lowmeg/core/invariant.hpp"

namespace {

constexpr std::string_view kKinds[] = {"adjuster",     "bridge",     "memory_range", "chip",
                                       "adjuster_any", "bridge_any", "chip_any"};
constexpr std::uint64_t kRamSize = 64 << 20;

// What was understood is what is written, and is understood again.
void check_round_trip(cli::StateKind kind, const lowmeg::state::Buffer& bytes) {
  const auto json = cli::state_to_json(kind, bytes);
  LOWMEG_INVARIANT(json.has_value(), "bytes that were encoded are decoded");
  const auto again = cli::state_from_json(kind, *json);
  LOWMEG_INVARIANT(again.has_value() && *again == bytes, "and encoded to the same");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const cli::StateKind kind = *cli::state_kind(kKinds[(data[0] & 0x7f) % std::size(kKinds)]);
  const lowmeg::state::Bytes rest(data + 1, size - 1);
  if (data[0] & 0x80) {
    if (cli::state_to_json(kind, rest)) static_cast<void>(cli::check_state(kind, rest, kRamSize));
    return 0;
  }
  const auto bytes = cli::state_from_json(kind, std::string(rest.begin(), rest.end()));
  if (bytes) {
    check_round_trip(kind, *bytes);
    static_cast<void>(cli::check_state(kind, *bytes, kRamSize));
  } else {
    LOWMEG_INVARIANT(bytes.error().message().find('\n') == std::string::npos, "a refusal is one line");
  }
  return 0;
}
