// Save and restore by the C interface, over the C objects of liblowmeg.
#include <lowmeg/lowmeg-state.h>

#include <algorithm>

#include "lowmeg/c/bridge.hpp"
#include "lowmeg/state/bridge_meaning.hpp"
#include "lowmeg/state/restore.hpp"
#include "lowmeg/state/saved_bridge.hpp"

namespace lowmeg::c {
namespace {

state::Bytes bytes_of(const lowmeg_bytes& bytes) {
  return {bytes.data, bytes.size};
}

state::SavedChipset save(Bridge& bridge) {
  Adjuster* const adjuster = bridge.get_adjuster();
  if (bridge.hyperv()) {
    if (adjuster) return state::save(adjuster->shared(), *bridge.hyperv());
    return {{}, state::encode_any(state::to_saved(bridge.hyperv()->state()))};
  }
  if (adjuster) return state::save(adjuster->shared(), *bridge.chip());
  return {{}, state::save(*bridge.chip())};
}

Result<void> restore_hyperv(state::Bytes saved, bridge::HypervBridge& bridge) {
  const auto state = state::decode_bridge_any(saved).and_then(
      [](const state::SavedBridge& value) { return state::accept(value); });
  if (!state) return fail(state.error().code, "bridge: " + state.error().what);
  return bridge.restore(*state);
}

Result<void> restore(const state::SavedChipset& saved, Bridge& bridge, state::HostRanges ranges) {
  Adjuster* const adjuster = bridge.get_adjuster();
  if (bridge.hyperv()) {
    return adjuster ? state::restore(saved, adjuster->shared(), *bridge.hyperv(), ranges)
                    : restore_hyperv(saved.bridge, *bridge.hyperv());
  }
  if (adjuster)
    return state::restore(saved, adjuster->shared(), *bridge.ranges_sink(), *bridge.chip(), ranges);
  if (bridge.ranges_sink()) bridge.ranges_sink()->expect_restore();
  return state::restore(saved.bridge, *bridge.chip());
}

bool is_good(const lowmeg_bytes* bytes) {
  return bytes && (bytes->data || bytes->size == 0);
}

std::int32_t hand_out(const state::SavedChipset& saved, lowmeg_bytes& bridge, lowmeg_bytes* adjuster) {
  const bool fits =
      saved.bridge.size() <= bridge.size && (!adjuster || saved.adjuster.size() <= adjuster->size);
  bridge.size = saved.bridge.size();
  if (adjuster) adjuster->size = saved.adjuster.size();
  if (!fits) return failed(LOWMEG_TOO_SMALL, "state: it is larger than the buffer");
  std::ranges::copy(saved.bridge, bridge.data);
  if (adjuster) std::ranges::copy(saved.adjuster, adjuster->data);
  return LOWMEG_OK;
}

}  // namespace
}  // namespace lowmeg::c

using namespace lowmeg;

int32_t lowmeg_state_save(lowmeg_bridge* handle, lowmeg_bytes* bridge_state, lowmeg_bytes* adjuster_state) {
  return c::on<c::Bridge>(handle, [&](c::Bridge& bridge) -> std::int32_t {
    const bool has_adjuster = bridge.get_adjuster() != nullptr;
    if (!c::is_good(bridge_state) || ((has_adjuster || adjuster_state) && !c::is_good(adjuster_state)))
      return c::failed(LOWMEG_INVALID_ARGUMENT, "state: nowhere to put it");
    if (!bridge.is_on()) return c::failed(LOWMEG_WRONG_STATE, "state: the bridge is not powered on yet");
    if (const std::int32_t status = bridge.check_idle(); status != LOWMEG_OK) return status;
    return c::hand_out(c::save(bridge), *bridge_state, adjuster_state);
  });
}

int32_t lowmeg_state_restore(lowmeg_bridge* handle, const lowmeg_bytes* bridge_state,
                             const lowmeg_bytes* adjuster_state, uint32_t ranges) {
  return c::on<c::Bridge>(handle, [&](c::Bridge& bridge) -> std::int32_t {
    const bool has_adjuster = bridge.get_adjuster() != nullptr;
    if (!c::is_good(bridge_state) || (has_adjuster && !c::is_good(adjuster_state)) ||
        ranges > LOWMEG_RANGES_UNKNOWN)
      return c::failed(LOWMEG_INVALID_ARGUMENT, "state: the bytes are missing, or ranges is not 0 or 1");
    if (bridge.is_on())
      return c::failed(LOWMEG_WRONG_STATE, "state: the bridge is powered on or restored already");
    if (const std::int32_t status = bridge.check_idle(); status != LOWMEG_OK) return status;
    state::SavedChipset saved;
    const state::Bytes bytes = c::bytes_of(*bridge_state);
    saved.bridge.assign(bytes.begin(), bytes.end());
    if (has_adjuster) {
      const state::Bytes of_adjuster = c::bytes_of(*adjuster_state);
      saved.adjuster.assign(of_adjuster.begin(), of_adjuster.end());
    }
    const auto host =
        ranges == LOWMEG_RANGES_UNKNOWN ? state::HostRanges::kUnknown : state::HostRanges::kInPlace;
    const std::int32_t status = c::told(c::restore(saved, bridge, host));
    if (status == LOWMEG_OK) bridge.set_on();
    return status;
  });
}
