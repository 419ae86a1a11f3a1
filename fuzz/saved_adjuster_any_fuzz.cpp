// Hostile bytes as a saved adjuster in its Any.
#include "fuzz/saved_adjuster.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lowmeg;
  fuzz::check_adjuster({data, size}, state::encode_any, state::decode_adjuster_any);
  return 0;
}
