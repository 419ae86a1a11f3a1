// Hostile bytes as a saved bridge in its Any.
#include "fuzz/saved_bridge.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lowmeg;
  fuzz::check_bridge({data, size}, state::encode_any, state::decode_bridge_any);
  return 0;
}
