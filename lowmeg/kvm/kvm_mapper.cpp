#include "lowmeg/kvm/kvm_mapper.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/memory/bounds.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::LayoutChange;
using memory::MemoryMap;
using memory::Region;

// The part of a layout that lies in `window`, which it covers.
Layout part(const Layout& layout, const GpaRange& window) {
  if (layout.window() == window) return layout;
  std::vector<Region> regions;
  for (const Region& region : layout.regions()) {
    if (!region.range.overlaps(window)) continue;
    const Gpa start = std::max(region.range.start(), window.start());
    regions.push_back({GpaRange(start, std::min(region.range.end(), window.end())), region.at(start)});
  }
  return Layout(window, regions);
}

}  // namespace

Result<void> KvmMapper::commit(const MemoryMap& map) {
  const std::lock_guard commit_lock(commit_lock_);
  if (lost_) return tl::unexpected(*lost_);
  auto step = prepare(map);
  if (!step) return tl::unexpected(step.error());
  Vcpus vcpus = step->vcpus_needed();
  if (vcpus == Vcpus::kPaused) {
    if (auto paused = pause_.pause(); !paused) return paused;
    ++counters_.pauses;
  }
  auto changed = change(map, *step);
  if (!changed) changed = undo(changed.error(), vcpus);
  if (changed && !step->changes_nothing()) {
    ++counters_.commits;
    if (config_.observer != nullptr) config_.observer->map_changed({step->cpu, step->bus_master, map_});
  }
  if (vcpus == Vcpus::kPaused && !lost_) pause_.resume();
  return changed;
}

Result<KvmMapper::Step> KvmMapper::prepare(const MemoryMap& map) const {
  for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
    if (view != &map.cpu && view->shares_regions_with(map.cpu)) continue;
    if (auto checked = check(*view); !checked) return tl::unexpected(checked.error());
  }
  auto wanted = placements(map.cpu, rules_.window);
  if (!wanted) return tl::unexpected(wanted.error());
  auto operations = plan(table_, *wanted, rules_);
  if (!operations) return tl::unexpected(operations.error());
  return Step{std::move(*operations), diff(cpu_, part(map.cpu, rules_.window)),
              diff(part(map_.bus_master, rules_.window), part(map.bus_master, rules_.window))};
}

Result<void> KvmMapper::check(const Layout& view) const {
  if (!view.window().contains(rules_.window)) {
    return fail(Errc::kInvalidArgument, fmt::format("the map covers {:#x}-{:#x}, not the KVM mapper's window",
                                                    view.window().start(), view.window().end() - 1));
  }
  const Layout ours = part(view, rules_.window);
  const memory::MemorySizes sizes{config_.memory.ram.bytes.size(), config_.memory.rom.bytes.size()};
  for (const Region& region : ours.regions()) {
    const GpaRange& range = region.range;
    if (!memory::are_within(region.routes, range.size(), sizes)) {
      return fail(Errc::kInvalidArgument,
                  fmt::format("the map of {:#x}-{:#x} reaches past the memory behind it", range.start(),
                              range.end() - 1));
    }
    if (!region.routes.are_possible()) {
      return fail(Errc::kNotSupported,
                  fmt::format("the map of {:#x}-{:#x} writes to ROM or reads from nowhere", range.start(),
                              range.end() - 1));
    }
  }
  return {};
}

// Only one swap can go unseen, and only if every change lies under it and leaves the write routes alone: then
// a vCPU reads either the old bytes or the new, and a write in flight means the same before and after.
KvmMapper::Vcpus KvmMapper::Step::vcpus_needed() const {
  if (operations.empty() && cpu.empty()) return Vcpus::kRunning;
  if (operations.size() != 1 || !std::holds_alternative<SwapBytes>(operations[0])) return Vcpus::kPaused;
  const GpaRange& swapped = std::get<SwapBytes>(operations[0]).bytes.range;
  const bool is_unseen = std::ranges::all_of(cpu, [&](const LayoutChange& change) {
    return swapped.contains(change.range) && change.before.write == change.after.write;
  });
  return is_unseen ? Vcpus::kRunning : Vcpus::kPaused;
}

// The hand-over lock is taken after the pause and given back before undo() may pause: a vCPU that is waited
// for may be draining.
Result<void> KvmMapper::change(const MemoryMap& map, const Step& step) {
  const std::lock_guard in_order(hand_over_lock_);
  QueuedWrites writes;
  Result<void> changed;
  {
    const std::unique_lock map_lock(map_lock_);
    writes = drain_holding_map();
    changed = change_holding_map(map, step);
  }
  hand_over(writes);
  return changed;
}

Result<void> KvmMapper::change_holding_map(const MemoryMap& map, const Step& step) {
  if (auto applied = apply(step.operations); !applied) return applied;
  map_ = map;
  cpu_ = part(map.cpu, rules_.window);
  // After the change: who entered during it and failed has an older number.
  if (!step.cpu.empty()) generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> KvmMapper::undo(const Error& cause, Vcpus& vcpus) {
  if (vcpus == Vcpus::kRunning && pause_.pause()) {
    vcpus = Vcpus::kPaused;
    ++counters_.pauses;
  }
  const std::unique_lock map_lock(map_lock_);
  const auto wanted = placements(map_.cpu, rules_.window);
  auto operations = plan(table_, *wanted, rules_);
  Result<void> restored = operations ? apply(*operations) : tl::unexpected(operations.error());
  generation_.fetch_add(1, std::memory_order_release);
  if (restored) return tl::unexpected(cause);
  lost_ = Error{Errc::kSystem,
                fmt::format("the guest's memory map is lost, its vCPUs {}: {}; then, putting it back: {}",
                            vcpus == Vcpus::kPaused ? "stay paused" : "cannot be paused", cause.message(),
                            restored.error().message()),
                0};
  is_lost_.store(true, std::memory_order_release);
  return tl::unexpected(*lost_);
}

Result<void> KvmMapper::apply(std::span<const Operation> operations) {
  for (const Operation& operation : operations) {
    if (auto done = carry_out(operation); !done) return done;
    table_.apply(operation);
  }
  return {};
}

Result<void> KvmMapper::carry_out(const Operation& operation) {
  if (const auto* swap = std::get_if<SwapBytes>(&operation)) {
    ++counters_.swaps;
    auto mapped = window_.map(swap->bytes, config_.memory);
    if (!mapped) table_.forget(swap->bytes.range);
    return mapped;
  }
  ++counters_.slot_calls;
  if (const auto* gone = std::get_if<DeleteSlot>(&operation)) return set_slot(gone->slot, 0);
  const Slot& slot = std::get<CreateSlot>(operation).slot;
  return set_slot(slot, slot.range.size());
}

Result<void> KvmMapper::set_slot(const Slot& slot, std::uint64_t size) {
  kvm_userspace_memory_region region{};
  region.slot = config_.first_slot + slot.index;
  region.flags = slot.kind == SlotKind::kReadOnly ? KVM_MEM_READONLY : 0;
  region.guest_phys_addr = slot.range.start();
  region.memory_size = size;
  region.userspace_addr = window_.address(slot.range.start());
  // SAFETY: KVM reads the structure; the addresses lie in our window, which outlives the slot.
  if (ioctl(syscalls_, config_.vm_fd, KVM_SET_USER_MEMORY_REGION, region) != 0) {
    return fail_errno(fmt::format("KVM_SET_USER_MEMORY_REGION, {} slot {} at {:#x}-{:#x}",
                                  size == 0 ? "deleting" : "creating", region.slot, slot.range.start(),
                                  slot.range.end() - 1));
  }
  return {};
}

KvmMapperCounters KvmMapper::counters() const {
  const std::lock_guard commit_lock(commit_lock_);
  KvmMapperCounters result = counters_;
  result.drained_writes = drained_writes_.load(std::memory_order_relaxed);
  result.stray_reads = stray_reads_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace lowmeg::kvm
