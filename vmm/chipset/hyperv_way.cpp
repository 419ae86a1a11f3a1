#include "vmm/chipset/hyperv_way.hpp"

#include <algorithm>

#include "lowmeg/get/in_process.hpp"
#include "lowmeg/hyperv/rom_bios_offset.hpp"
#include "vmm/chipset/bus_map.hpp"
#include "vmm/chipset/hyperv_memory.hpp"

namespace vmm {

using lowmeg::Result;

Result<std::unique_ptr<HypervWay>> HypervWay::create(const BridgeConfig& bridge, const HypervConfig& config,
                                                     GuestMemory& memory, lowmeg::memory::Mapper& mapper,
                                                     lowmeg::EventSink& events, Listener listener) {
  std::unique_ptr<HypervWay> way(new HypervWay(bridge, config, memory, mapper, events, std::move(listener)));
  if (auto started = way->start(); !started) return tl::unexpected(started.error());
  return way;
}

lowmeg::memory::MemoryMap HypervWay::base(std::span<const lowmeg::memory::Claim> claims) const {
  // Memory may reach up to where the ROM begins: then the ROM hides its end.
  const lowmeg::Gpa ram_end = std::min(memory_.ram.size(), kWindow.end() - memory_.firmware_size);
  return base_map(board_bus_map(memory_, claims).pci, ram_end);
}

Result<void> HypervWay::start() {
  const auto offset = lowmeg::hyperv::rom_bios_offset(memory_.ram.size());
  if (!offset) return tl::unexpected(offset.error());
  rom_bios_offset_ = *offset;
  place_images(memory_, rom_bios_offset_);
  auto host = lowmeg::get::Host::create(mapper_, base({}), {.ram_size = memory_.ram.size()}, events_);
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  auto paravisor = connect();
  if (!paravisor) return tl::unexpected(paravisor.error());
  paravisor_ = std::move(*paravisor);
  return {};
}

Result<std::unique_ptr<Paravisor>> HypervWay::connect() {
  auto transport =
      config_.connect ? config_.connect(*host_) : std::make_unique<lowmeg::get::InProcessTransport>(*host_);
  return Paravisor::create(std::move(transport), config_.get, bridge_, rom_bios_offset_, events_, listener_);
}

Result<void> HypervWay::devices_changed(std::span<const lowmeg::memory::Claim> claims) {
  return host_->change_base(base(claims));
}

Result<void> HypervWay::restart() {
  const lowmeg::state::SavedChipset saved = paravisor_->save();
  paravisor_->disconnect();
  auto successor = connect();
  if (!successor) return tl::unexpected(successor.error());
  paravisor_ = std::move(*successor);
  return paravisor_->restore(saved);
}

std::uint64_t HypervWay::ram_told() const {
  return memory_.ram.size() - (1 << 20);
}

std::vector<MegabyteRow> HypervWay::first_megabyte() {
  const auto slots = host_->slots();
  return vmm::first_megabyte(mapper_.map().cpu, bridge().pam_states(), &slots);
}

}  // namespace vmm
