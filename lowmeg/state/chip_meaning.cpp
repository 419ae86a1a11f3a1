#include "lowmeg/state/chip_meaning.hpp"

namespace lowmeg::state {
namespace {

SavedConfigSpace bytes_of(const bridge::ConfigDwords& dwords) {
  SavedConfigSpace bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = bridge::byte_of(dwords, i);
  return bytes;
}

bridge::ConfigDwords dwords_of(const SavedConfigSpace& bytes) {
  bridge::ConfigDwords dwords{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bridge::put_bytes(dwords, i, bytes[i], 1);
  return dwords;
}

}  // namespace

SavedChip to_saved(const bridge::ChipBridgeState& state) {
  const auto& [host_bridge, agp_bridge] = state;
  const auto& [dwords, written_once] = host_bridge;
  SavedChip saved{bytes_of(dwords), written_once, {}};
  if (agp_bridge) saved.agp_bridge = bytes_of(*agp_bridge);
  return saved;
}

Result<bridge::ChipBridgeState> accept(const SavedChip& chip, const bridge::ChipBridge& bridge) {
  const auto& [host_bridge, written_once, agp_bridge] = chip;
  bridge::ChipBridgeState state{{dwords_of(host_bridge), written_once}, {}};
  if (agp_bridge) state.agp_bridge = dwords_of(*agp_bridge);
  if (auto possible = bridge.check(state); !possible) return tl::unexpected(possible.error());
  return state;
}

}  // namespace lowmeg::state
