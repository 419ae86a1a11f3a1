#include "vmm/chipset/paravisor.hpp"

namespace vmm {

using lowmeg::get::Client;

lowmeg::Result<std::unique_ptr<Paravisor>> Paravisor::create(
    std::unique_ptr<lowmeg::get::Transport> transport, const lowmeg::get::ClientOptions& options,
    const BridgeConfig& bridge, lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events,
    Chipset::Listener listener) {
  auto client = Client::connect(std::move(transport), events, options);
  if (!client) return tl::unexpected(client.error());
  return std::unique_ptr<Paravisor>(
      new Paravisor(std::move(*client), bridge, rom_bios_offset, events, std::move(listener)));
}

Paravisor::Paravisor(std::unique_ptr<Client> client, const BridgeConfig& bridge, lowmeg::Gpa rom_bios_offset,
                     lowmeg::EventSink& events, Chipset::Listener listener)
    : client_(std::move(client)),
      adjuster_(lowmeg::hyperv::GetBackedAdjuster(*client_, 0, rom_bios_offset, events)),
      timeline_(adjuster_, *client_, std::move(listener)),
      pam_only_(timeline_) {
  if (is_chip(bridge)) {
    chip_.emplace(bridge.identity, bridge.options, pam_only_, events);
  } else {
    hyperv_.emplace(bridge.identity, timeline_, events);
  }
  timeline_.watch(this->bridge());
}

lowmeg::bridge::HostBridge& Paravisor::bridge() {
  if (chip_) return *chip_;
  return *hyperv_;
}

lowmeg::state::SavedChipset Paravisor::save() const {
  return chip_ ? lowmeg::state::save(adjuster_, *chip_) : lowmeg::state::save(adjuster_, *hyperv_);
}

lowmeg::Result<void> Paravisor::restore(const lowmeg::state::SavedChipset& saved,
                                        lowmeg::state::HostRanges ranges) {
  return chip_ ? lowmeg::state::restore(saved, adjuster_, pam_only_, *chip_, ranges)
               : lowmeg::state::restore(saved, adjuster_, *hyperv_, ranges);
}

}  // namespace vmm
