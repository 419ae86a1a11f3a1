#include "vmm/chipset/ranges/ranges_chipset.hpp"

#include <algorithm>

#include "lowmeg/hyperv/rom_bios_offset.hpp"
#include "lowmeg/state/servicing_state.hpp"
#include "vmm/chipset/bus_map.hpp"
#include "vmm/chipset/ranges/image_placement.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace vmm {

using lowmeg::Result;
using lowmeg::get::ParavisorLink;
using lowmeg::get::ParavisorSeat;
using lowmeg::get::StateKeeper;
using lowmeg::get::UnixServer;

Result<std::unique_ptr<RangesChipset>> RangesChipset::create(const BridgeConfig& bridge,
                                                             const RangesConfig& config, MemoryChips& memory,
                                                             lowmeg::memory::Mapper& mapper,
                                                             lowmeg::EventSink& events,
                                                             ChipsetListeners listeners) {
  std::unique_ptr<RangesChipset> chipset(new RangesChipset(bridge, config, memory, mapper, events));
  if (auto started = chipset->start(std::move(listeners)); !started) return tl::unexpected(started.error());
  return chipset;
}

RangesChipset::~RangesChipset() {
  if (seat_) seat_->close({lowmeg::Errc::kClosed, "the machine ends"});
}

lowmeg::memory::MemoryMap RangesChipset::base(std::span<const lowmeg::memory::Claim> claims) const {
  // Memory may reach up to where the ROM begins: then the ROM hides its end.
  const lowmeg::Gpa ram_end = std::min(memory_.ram.size(), kWindow.end() - memory_.firmware_size);
  return base_map(board_bus_map(memory_, claims).pci, ram_end);
}

Result<void> RangesChipset::start(ChipsetListeners listeners) {
  const auto offset = lowmeg::hyperv::rom_bios_offset(memory_.ram.size());
  if (!offset) return tl::unexpected(offset.error());
  place_images(memory_, *offset);
  auto host = lowmeg::get::Host::create(mapper_, base({}), {.ram_size = memory_.ram.size()}, events_);
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  host_->observe(config_.observer);
  keeper_ = std::make_unique<StateKeeper>(memory_.ram.size(), personality_of(bridge_));
  ParavisorSeat::Options seat;
  if (config_.split) {
    seat.wait = config_.split->wait;
    seat.news = config_.seat_news;
  } else {
    seat.summon = [this] { return summon(); };
  }
  seat_ = std::make_unique<ParavisorSeat>(std::move(seat), events_);
  proxy_ = std::make_unique<BridgeProxy>(bridge_.identity, *seat_, *host_, std::move(listeners));
  return config_.split ? listen() : Result<void>{};
}

Result<void> RangesChipset::listen() {
  const SplitConfig& split = *config_.split;
  auto server = UnixServer::listen(split.socket, *host_, events_,
                                   {.parts = {split.batches, keeper_.get(), split.others},
                                    .seat = seat_.get(),
                                    .patience = split.patience});
  if (!server) return tl::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

Result<std::shared_ptr<ParavisorLink>> RangesChipset::summon() {
  auto link =
      InProcessLink::create(*host_, {.keeper = keeper_.get()}, {.get = config_.get}, config_.wrap, events_);
  if (!link) return tl::unexpected(link.error());
  link_ = std::move(*link);
  return link_;
}

Result<void> RangesChipset::devices_changed(std::span<const lowmeg::memory::Claim> claims) {
  return host_->change_base(base(claims));
}

Result<void> RangesChipset::restart() {
  if (const auto link = seat_->taken_by()) {
    link->cut();
    seat_->leave(link);
  }
  if (config_.split) return {};
  auto successor = summon();
  if (!successor) return tl::unexpected(successor.error());
  seat_->take(std::move(*successor));
  return {};
}

SavedRanges RangesChipset::save_host() const {
  const lowmeg::get::State kept = keeper_->state();
  SavedRanges saved{.state = kept.bytes, .unsure = kept.unsure, .ranges = {}, .pam = pam_dwords()};
  const lowmeg::get::RangeSlots slots = host_->slots();
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    const auto slot = slots.slot(i);
    if (!slot) continue;
    saved.ranges.push_back({.slot = i,
                            .gpa_start = slot->range.start(),
                            .gpa_count = slot->range.size(),
                            .gpa_offset = slot->ram_offset,
                            .flags = slot->read_only ? lowmeg::get::wire::kFlagRomMb : 0});
  }
  return saved;
}

Result<void> RangesChipset::load_host(SavedRanges saved) {
  const auto parts = lowmeg::state::extract(saved.state);
  if (!parts || !parts->adjuster || !parts->bridge)
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument, "saved VM: no paravisor's state in it");
  const std::vector<lowmeg::get::RangeRequest> requests(saved.ranges.begin(), saved.ranges.end());
  std::vector<lowmeg::get::CreateStatus> statuses(requests.size());
  if (!requests.empty()) host_->apply(requests, statuses);
  if (!std::ranges::all_of(statuses,
                           [](auto status) { return status == lowmeg::get::CreateStatus::kSuccess; }))
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument, "saved VM: ranges that this host does not take");
  keeper_->keep(std::move(saved.state));
  if (saved.unsure) keeper_->doubt();
  proxy_->go_on_with(saved.pam);
  return {};
}

void RangesChipset::ask_to_save() {
  if (server_) server_->ask_to_save();
}

lowmeg::bridge::ConfigFunction* RangesChipset::agp_bridge() {
  return has_agp(bridge_) ? &proxy_->function(1) : nullptr;
}

lowmeg::state::SavedChipset RangesChipset::save() const {
  const auto parts = lowmeg::state::extract(keeper_->state().bytes);
  if (!parts) return {};
  return {parts->adjuster.value_or(lowmeg::state::Buffer{}), parts->bridge.value_or(lowmeg::state::Buffer{})};
}

std::uint64_t RangesChipset::ram_told() const {
  return memory_.ram.size() - (1 << 20);
}

std::vector<MegabyteRow> RangesChipset::first_megabyte() {
  const auto slots = host_->slots();
  return vmm::first_megabyte(mapper_.map().cpu, lowmeg::decode_pam(pam_dwords()), &slots);
}

}  // namespace vmm
