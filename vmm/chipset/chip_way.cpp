#include "vmm/chipset/chip_way.hpp"

#include "vmm/chipset/bus_map.hpp"

namespace vmm {

using lowmeg::decode::AddressDecoder;

ChipWay::Parts::Parts(const ChipWay& way, DecodeTimeline::Start start)
    : committer(AddressDecoder(way.bus_, way.memory_.ram.size()), way.mapper_),
      timeline(committer, way.listeners_.timeline, start),
      bridge(way.config_.identity, way.config_.options, timeline, way.events_) {
  timeline.watch(bridge);
}

ChipWay::ChipWay(const BridgeConfig& bridge, GuestMemory& memory, lowmeg::memory::Mapper& mapper,
                 lowmeg::EventSink& events, ChipsetListeners listeners)
    : config_(bridge),
      memory_(memory),
      mapper_(mapper),
      events_(events),
      listeners_(std::move(listeners)),
      bus_(board_bus_map(memory, {})),
      parts_(std::make_unique<Parts>(*this, DecodeTimeline::Start::kPowerOn)) {}

lowmeg::Result<void> ChipWay::devices_changed(std::span<const lowmeg::memory::Claim> claims) {
  lowmeg::decode::BusMap bus = board_bus_map(memory_, claims);
  auto committed = parts_->committer.bus_changed(bus);
  if (committed) bus_ = std::move(bus);
  return committed;
}

lowmeg::Result<void> ChipWay::restart() {
  const lowmeg::state::SavedChipset saved = save();
  parts_ = std::make_unique<Parts>(*this, DecodeTimeline::Start::kRestore);
  return lowmeg::state::restore(saved.bridge, parts_->bridge);
}

std::vector<MegabyteRow> ChipWay::first_megabyte() {
  return vmm::first_megabyte(mapper_.map().cpu, lowmeg::decode_pam(pam_dwords()), nullptr);
}

}  // namespace vmm
