// Bridge and adjuster together, out as bytes and in again: what servicing calls.
#pragma once

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/bridge/ranges_sink.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "lowmeg/state/adjuster_meaning.hpp"
#include "lowmeg/state/bytes.hpp"

namespace lowmeg::state {

/// As OpenHCL's platform state holds them: the adjuster's a plain message, the bridge's in its Any. The type
/// of the Any says which personality's registers they are, and another personality refuses them.
struct SavedChipset {
  Buffer adjuster;
  Buffer bridge;

  friend bool operator==(const SavedChipset&, const SavedChipset&) = default;
};

/// Whether the host is known to hold what the state says.
enum class HostRanges {
  kInPlace,  ///< the host has seen every request: nothing is asked for that is there
  kUnknown,  ///< another host, or one that lost its ranges: all 13 slots are reset and what is wanted is
             ///< created, as one batch where the host takes batches
};

/// The bridge must not be written to meanwhile; the adjuster's lock is taken.
SavedChipset save(const hyperv::SharedAdjuster& adjuster, const bridge::HypervBridge& bridge);

/// Instead of HypervBridge::power_on(), on the thread of the bridge, which tells this adjuster. First both
/// states are decoded and accepted: a state that is refused changes nothing, asks nothing, and gives
/// kInvalidArgument with a line such as "adjuster: handles[3].range: ...". Then the adjuster is restored,
/// then the bridge.
///
/// Any other error comes from the connection to the host, which is then lost for good. The bridge is as it
/// was, the adjuster knows what the host has answered. The same bytes can be restored over a new connection,
/// with kUnknown. A silent restore does not notice a lost connection: the next change does.
Result<void> restore(const SavedChipset& saved, hyperv::SharedAdjuster& adjuster,
                     bridge::HypervBridge& bridge, HostRanges host = HostRanges::kInPlace,
                     SavedBy saved_by = SavedBy::kThisBuild);

/// The same for a chip's registers that act as Hyper-V's do: `bridge` tells `ranges_sink`, which tells
/// `adjuster`.
SavedChipset save(const hyperv::SharedAdjuster& adjuster, const bridge::ChipBridge& bridge);
Result<void> restore(const SavedChipset& saved, hyperv::SharedAdjuster& adjuster,
                     bridge::RangesSink& ranges_sink, bridge::ChipBridge& bridge,
                     HostRanges host = HostRanges::kInPlace, SavedBy saved_by = SavedBy::kThisBuild);

/// And for a chip that acts as the chip does: there is no adjuster, the state is the bridge's Any alone. On
/// an error of its sink the bridge is as it was.
Buffer save(const bridge::ChipBridge& bridge);
Result<void> restore(Bytes saved, bridge::ChipBridge& bridge);

}  // namespace lowmeg::state
