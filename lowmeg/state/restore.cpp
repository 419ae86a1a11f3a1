#include "lowmeg/state/restore.hpp"

#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bridge_meaning.hpp"

namespace lowmeg::state {
namespace {

tl::unexpected<Error> refused(const char* part, const Error& error) {
  return fail(error.code, std::string(part) + ": " + error.what);
}

}  // namespace

SavedChipset save(const hyperv::SharedAdjuster& adjuster, const bridge::HypervBridge& bridge) {
  return {encode(to_saved(adjuster.state())), encode_any(to_saved(bridge.state()))};
}

Result<void> restore(const SavedChipset& saved, hyperv::SharedAdjuster& adjuster,
                     bridge::HypervBridge& bridge, HostRanges host) {
  const auto adjuster_state = decode_adjuster(saved.adjuster).and_then([&](const SavedAdjuster& value) {
    return accept(value, adjuster.rom_bios_offset());
  });
  if (!adjuster_state) return refused("adjuster", adjuster_state.error());
  const auto bridge_state =
      decode_bridge_any(saved.bridge).and_then([](const SavedBridge& value) { return accept(value); });
  if (!bridge_state) return refused("bridge", bridge_state.error());

  adjuster.restore(*adjuster_state);
  if (host == HostRanges::kUnknown) {
    if (auto forgotten = adjuster.forget_ranges(); !forgotten) return forgotten;
  }
  return bridge.restore(*bridge_state);
}

}  // namespace lowmeg::state
