// What a MapChanger is made of, and what reads its map: exits, the ring, who logs writes.
#include "lowmeg/kvm/map_changer.hpp"

namespace lowmeg::kvm {

using memory::Layout;
using memory::MemoryMap;

Result<std::unique_ptr<MapChanger>> MapChanger::create(const Parts& parts) {
  std::unique_ptr<MapChanger> changer(new MapChanger(parts));
  if (auto added = changer->add_spaces(); !added) return tl::unexpected(added.error());
  return changer;
}

MapChanger::MapChanger(const Parts& parts)
    : parts_(parts),
      zones_(parts.config.vm_fd, parts.syscalls),
      map_(MemoryMap::uniform(Layout(parts.config.window))) {}

Result<void> MapChanger::add_spaces() {
  const KvmMapperConfig& config = parts_.config;
  const std::uint32_t count = config.smm == SmmView::kMirrored ? 2 : 1;
  for (std::uint32_t number = 0; number < count; ++number) {
    auto space = AddressSpace::create({.vm_fd = config.vm_fd,
                                       .first_slot = number << 16 | config.first_slot,
                                       .window = config.window,
                                       .memory = config.memory,
                                       .way = config.way,
                                       .rules = {config.cuts, config.slot_count},
                                       .demotions_until_kept = config.demotions_until_kept},
                                      parts_.syscalls);
    if (!space) return tl::unexpected(space.error());
    spaces_.push_back(std::move(*space));
  }
  return {};
}

PlanInputs MapChanger::in_place() const {
  return {parts_.config, map_, spaces_, zones_.zones(), parts_.stillness, parts_.ring_page != 0};
}

const Layout& MapChanger::seen_in(CpuMode mode) const {
  return (mode == CpuMode::kSmm ? spaces_.back() : spaces_.front())->layout();
}

MmioVerdict MapChanger::complete(CpuMode mode, const MmioAccess& access) const {
  return complete_by(seen_in(mode), parts_.config.memory, access, write_log_);
}

void MapChanger::drain() {
  const std::shared_lock map_lock(map_lock_);
  drain_holding_map();
}

// No zone lies where system management mode makes a difference to a write, so the mode does not matter.
void MapChanger::drain_holding_map() {
  parts_.ring.drain([this](const MmioAccess& access) { return complete(CpuMode::kNormal, access).done(); });
}

Result<void> MapChanger::log_writes(WriteLog* log) {
  const std::lock_guard commit_lock(commit_lock_);
  if (lost_) return tl::unexpected(*lost_);
  const std::unique_lock map_lock(map_lock_);
  for (std::size_t i = 0; i < spaces_.size(); ++i) {
    auto set = spaces_[i]->log_writes(log);
    if (set) continue;
    for (std::size_t done = 0; done < i; ++done) static_cast<void>(spaces_[done]->log_writes(write_log_));
    return set;
  }
  write_log_ = log;
  return {};
}

void MapChanger::harvest() {
  const std::lock_guard commit_lock(commit_lock_);
  const std::shared_lock map_lock(map_lock_);
  drain_holding_map();
  for (const auto& space : spaces_) space->harvest();
}

}  // namespace lowmeg::kvm
