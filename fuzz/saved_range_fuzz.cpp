// Hostile bytes as a saved MemoryRange.
#include "fuzz/saved_state.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lowmeg;
  fuzz::check_decoder<state::SavedRange>(
      {data, size}, state::encode, state::decode_range,
      [](const state::SavedRange& range) { return accept(range); }, [](const GpaRange&) {});
  return 0;
}
