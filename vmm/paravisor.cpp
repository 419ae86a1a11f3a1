#include "vmm/paravisor.hpp"

namespace vmm {

using lowmeg::get::Client;

lowmeg::Result<std::unique_ptr<Paravisor>> Paravisor::create(
    std::unique_ptr<lowmeg::get::Transport> transport, const lowmeg::get::ClientOptions& options,
    const lowmeg::bridge::Identity& identity, lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events,
    PamTimeline::Listener listener) {
  auto client = Client::connect(std::move(transport), events, options);
  if (!client) return tl::unexpected(client.error());
  return std::unique_ptr<Paravisor>(
      new Paravisor(std::move(*client), identity, rom_bios_offset, events, std::move(listener)));
}

Paravisor::Paravisor(std::unique_ptr<Client> client, const lowmeg::bridge::Identity& identity,
                     lowmeg::Gpa rom_bios_offset, lowmeg::EventSink& events, PamTimeline::Listener listener)
    : client_(std::move(client)),
      adjuster_(lowmeg::hyperv::GetBackedAdjuster(*client_, 0, rom_bios_offset, events)),
      timeline_(adjuster_, *client_, std::move(listener)),
      bridge_(identity, timeline_, events) {
  timeline_.watch(bridge_);
}

}  // namespace vmm
