#include "vmm/chipset/chip_way.hpp"

#include "vmm/chipset/bus_map.hpp"

namespace vmm {

ChipWay::ChipWay(const BridgeConfig& bridge, GuestMemory& memory, lowmeg::memory::Mapper& mapper,
                 lowmeg::EventSink& events, Listener listener)
    : config_(bridge),
      memory_(memory),
      mapper_(mapper),
      events_(events),
      committer_(lowmeg::decode::AddressDecoder(board_bus_map(memory), memory.ram.size()), mapper),
      timeline_(committer_, std::move(listener)) {
  config_.options.drb = lowmeg::bridge::drb_for(memory.ram.size());
  bridge_ =
      std::make_unique<lowmeg::bridge::ChipBridge>(config_.identity, config_.options, timeline_, events_);
}

lowmeg::Result<void> ChipWay::restart() {
  const lowmeg::state::SavedChipset saved = save();
  bridge_ =
      std::make_unique<lowmeg::bridge::ChipBridge>(config_.identity, config_.options, timeline_, events_);
  return lowmeg::state::restore(saved.bridge, *bridge_);
}

std::vector<MegabyteRow> ChipWay::first_megabyte() {
  return vmm::first_megabyte(mapper_.map().cpu, bridge_->pam_states(), nullptr);
}

}  // namespace vmm
