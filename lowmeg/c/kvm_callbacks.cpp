#include "lowmeg/c/kvm_callbacks.hpp"

#include "lowmeg/c/maps.hpp"

namespace lowmeg::c {
namespace {

thread_local const Within* innermost = nullptr;

std::vector<lowmeg_region_change> changes_for_c(std::span<const memory::LayoutChange> changes) {
  std::vector<lowmeg_region_change> result;
  result.reserve(changes.size());
  for (const memory::LayoutChange& change : changes)
    result.push_back({region_for_c(change.range, change.before), region_for_c(change.range, change.after)});
  return result;
}

}  // namespace

Within::Within(const void* object) : object_(object), outer_(innermost) {
  innermost = this;
}

Within::~Within() {
  innermost = outer_;
}

bool Within::is_in(const void* object) {
  const Within* within = innermost;
  while (within && within->object_ != object) within = within->outer_;
  return within != nullptr;
}

Result<void> PauseCallbacks::pause() {
  if (!pause_) return {};
  if (const std::int32_t result = pause_(context_); result != 0)
    return tl::unexpected(refused_by_callback("pause", result));
  return {};
}

Result<void> MapChangeCallback::map_will_change(const kvm::MapChange& change) {
  if (const std::int32_t result = tell(change, LOWMEG_MAP_WILL_CHANGE); result != 0)
    return tl::unexpected(refused_by_callback("map_change", result));
  return {};
}

std::int32_t MapChangeCallback::tell(const kvm::MapChange& change, std::uint32_t phase) {
  const auto cpu = changes_for_c(change.cpu), bus_master = changes_for_c(change.bus_master);
  const lowmeg_map_change for_c{sizeof(for_c),    phase, cpu.data(), cpu.size(), bus_master.data(),
                                bus_master.size()};
  const Within within(owner_);
  return tell_(context_, &for_c);
}

}  // namespace lowmeg::c
