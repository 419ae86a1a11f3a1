#include "vmm/chipset/decode/decode_chipset.hpp"

#include "vmm/chipset/bus_map.hpp"

namespace vmm {

using lowmeg::decode::AddressDecoder;

DecodeChipset::Parts::Parts(const DecodeChipset& owner, DecodeTimeline::Start start)
    : committer(AddressDecoder(owner.bus_, owner.memory_.ram.size()), owner.mapper_),
      timeline(committer, owner.listeners_.timeline, start),
      bridge(owner.config_.identity, owner.config_.options, timeline, owner.events_) {
  timeline.watch(bridge);
}

DecodeChipset::DecodeChipset(const BridgeConfig& bridge, MemoryChips& memory, lowmeg::memory::Mapper& mapper,
                             lowmeg::EventSink& events, ChipsetListeners listeners)
    : config_(bridge),
      memory_(memory),
      mapper_(mapper),
      events_(events),
      listeners_(std::move(listeners)),
      bus_(board_bus_map(memory, {})),
      parts_(std::make_unique<Parts>(*this, DecodeTimeline::Start::kPowerOn)) {}

lowmeg::Result<void> DecodeChipset::devices_changed(std::span<const lowmeg::memory::Claim> claims) {
  lowmeg::decode::BusMap bus = board_bus_map(memory_, claims);
  auto committed = parts_->committer.bus_changed(bus);
  if (committed) bus_ = std::move(bus);
  return committed;
}

lowmeg::Result<void> DecodeChipset::restart() {
  const lowmeg::state::SavedChipset saved = save();
  parts_ = std::make_unique<Parts>(*this, DecodeTimeline::Start::kRestore);
  return lowmeg::state::restore(saved.bridge, parts_->bridge);
}

std::vector<MegabyteRow> DecodeChipset::first_megabyte() {
  return vmm::first_megabyte(mapper_.map().cpu, lowmeg::decode_pam(pam_dwords()), nullptr);
}

}  // namespace vmm
