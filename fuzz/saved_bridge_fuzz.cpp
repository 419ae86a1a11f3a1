// Hostile bytes as a saved bridge.
#include "fuzz/saved_bridge.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lowmeg;
  fuzz::check_bridge({data, size}, state::encode, state::decode_bridge);
  return 0;
}
