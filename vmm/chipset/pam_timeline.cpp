#include "vmm/chipset/pam_timeline.hpp"

#include <utility>

namespace vmm {

void PamTimeline::watch(const lowmeg::bridge::HostBridge& bridge) {
  bridge_ = &bridge;
  seen_ = bridge.pam_dwords();
}

lowmeg::Result<void> PamTimeline::adjust(std::span<const lowmeg::GpaStateChange> changes) {
  const lowmeg::get::Counters before = client_.counters();
  auto adjusted = adjuster_.adjust(changes);
  const lowmeg::get::Counters after = client_.counters();

  const bool forced = !changes.empty() && changes.front().apply == lowmeg::Apply::kForced;
  const std::optional<RegisterChange> register_change = take_register_change();
  if (forced && after.requests() == before.requests()) return adjusted;  // a silent restore, for one
  listener_({.config_write = forced ? std::nullopt : register_change,
             .segments = {changes.begin(), changes.end()},
             .get = GetTraffic{.resets = after.resets - before.resets,
                               .creates = after.creates.total() - before.creates.total(),
                               .refused_creates = after.creates.refused() - before.creates.refused(),
                               .round_trips = after.round_trips - before.round_trips},
             .nanoseconds = after.nanoseconds - before.nanoseconds});
  return adjusted;
}

std::optional<RegisterChange> PamTimeline::take_register_change() {
  if (!bridge_) return std::nullopt;
  const lowmeg::PamDwords before = std::exchange(seen_, bridge_->pam_dwords());
  if (before.dword_58 != seen_.dword_58) return RegisterChange{0x58, before.dword_58, seen_.dword_58};
  return RegisterChange{0x5c, before.dword_5c, seen_.dword_5c};
}

}  // namespace vmm
