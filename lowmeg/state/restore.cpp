#include "lowmeg/state/restore.hpp"

#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bridge_meaning.hpp"
#include "lowmeg/state/chip_meaning.hpp"

namespace lowmeg::state {
namespace {

tl::unexpected<Error> refused(const char* part, const Error& error) {
  return fail(error.code, std::string(part) + ": " + error.what);
}

Result<hyperv::AdjusterState> accepted_adjuster(Bytes saved, const hyperv::SharedAdjuster& adjuster,
                                                SavedBy saved_by) {
  auto state = decode_adjuster(saved).and_then(
      [&](const SavedAdjuster& value) { return accept(value, adjuster.rom_bios_offset(), saved_by); });
  if (!state) return refused("adjuster", state.error());
  return state;
}

Result<bridge::ChipBridgeState> accepted_chip(Bytes saved, const bridge::ChipBridge& bridge) {
  auto state = decode_chip_any(saved).and_then([&](const SavedChip& value) { return accept(value, bridge); });
  if (!state) return refused("bridge", state.error());
  return state;
}

void restore_adjuster(const hyperv::AdjusterState& state, hyperv::SharedAdjuster& adjuster, HostRanges host) {
  adjuster.restore(state);
  if (host == HostRanges::kUnknown) adjuster.mark_all_unsure();
}

}  // namespace

SavedChipset save(const hyperv::SharedAdjuster& adjuster, const bridge::HypervBridge& bridge) {
  return {encode(to_saved(adjuster.state())), encode_any(to_saved(bridge.state()))};
}

Result<void> restore(const SavedChipset& saved, hyperv::SharedAdjuster& adjuster,
                     bridge::HypervBridge& bridge, HostRanges host, SavedBy saved_by) {
  const auto adjuster_state = accepted_adjuster(saved.adjuster, adjuster, saved_by);
  if (!adjuster_state) return tl::unexpected(adjuster_state.error());
  const auto bridge_state =
      decode_bridge_any(saved.bridge).and_then([](const SavedBridge& value) { return accept(value); });
  if (!bridge_state) return refused("bridge", bridge_state.error());

  restore_adjuster(*adjuster_state, adjuster, host);
  return bridge.restore(*bridge_state);
}

SavedChipset save(const hyperv::SharedAdjuster& adjuster, const bridge::ChipBridge& bridge) {
  return {encode(to_saved(adjuster.state())), save(bridge)};
}

Result<void> restore(const SavedChipset& saved, hyperv::SharedAdjuster& adjuster,
                     bridge::RangesSink& ranges_sink, bridge::ChipBridge& bridge, HostRanges host,
                     SavedBy saved_by) {
  const auto adjuster_state = accepted_adjuster(saved.adjuster, adjuster, saved_by);
  if (!adjuster_state) return tl::unexpected(adjuster_state.error());
  const auto bridge_state = accepted_chip(saved.bridge, bridge);
  if (!bridge_state) return tl::unexpected(bridge_state.error());

  restore_adjuster(*adjuster_state, adjuster, host);
  ranges_sink.expect_restore();
  return bridge.restore(*bridge_state);
}

Buffer save(const bridge::ChipBridge& bridge) {
  return encode_any(to_saved(bridge.state()));
}

Result<void> restore(Bytes saved, bridge::ChipBridge& bridge) {
  const auto state = accepted_chip(saved, bridge);
  if (!state) return tl::unexpected(state.error());
  return bridge.restore(*state);
}

}  // namespace lowmeg::state
