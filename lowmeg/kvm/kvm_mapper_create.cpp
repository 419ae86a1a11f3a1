// The beginning and the end of a KvmMapper: its configuration, the coalesced zones, and leaving nothing
// behind.
#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::MemoryMap;

// `range` without `holes`.
std::vector<GpaRange> without(GpaRange range, std::vector<GpaRange> holes) {
  std::ranges::sort(holes);
  std::vector<GpaRange> rest;
  for (const GpaRange& hole : holes) {
    if (!range.overlaps(hole)) continue;
    if (range.start() < hole.start()) rest.emplace_back(range.start(), hole.start());
    range = GpaRange(std::min(hole.end(), range.end()), range.end());
  }
  if (!range.empty()) rest.push_back(range);
  return rest;
}

kvm_coalesced_mmio_zone zone_of(const GpaRange& range) {
  kvm_coalesced_mmio_zone zone{};
  zone.addr = range.start();
  zone.size = static_cast<std::uint32_t>(range.size());
  return zone;
}

Result<void> check_config(const KvmMapperConfig& config, const Capabilities& capabilities) {
  if (config.window.empty()) return fail(Errc::kInvalidArgument, "the KVM mapper's window is empty");
  if (!std::ranges::all_of(config.cuts, is_page_aligned)) {
    return fail(Errc::kInvalidArgument, "a cut of the KVM mapper is not page-aligned");
  }
  if (!is_page_aligned(config.memory.ram.fd_offset) || !is_page_aligned(config.memory.rom.fd_offset)) {
    return fail(Errc::kInvalidArgument, "guest memory does not begin on a page of its descriptor");
  }
  if (config.coalesced.size() > UINT32_MAX) {
    return fail(Errc::kInvalidArgument, "the coalesced range is longer than a zone of KVM can be");
  }
  if (auto enough = capabilities.enough_for_mapper(); !enough) return enough;
  const auto slots = static_cast<std::uint64_t>(capabilities.memory_slots);
  if (config.slot_count == 0 || std::uint64_t{config.first_slot} + config.slot_count > slots) {
    return fail(Errc::kInvalidArgument,
                fmt::format("slots {} to {} are not slots of this KVM, which has {}", config.first_slot,
                            std::uint64_t{config.first_slot} + config.slot_count, slots));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<KvmMapper>> KvmMapper::create(KvmMapperConfig config, PauseVcpus& pause,
                                                     Syscalls& syscalls) {
  const Capabilities capabilities = query_capabilities(config.vm_fd, syscalls);
  if (auto checked = check_config(config, capabilities); !checked) return tl::unexpected(checked.error());
  std::ranges::sort(config.cuts);
  auto window = HostWindow::create(config.window, syscalls);
  if (!window) return tl::unexpected(window.error());
  std::unique_ptr<KvmMapper> mapper(
      new KvmMapper(std::move(config), pause, syscalls, std::move(*window), capabilities));
  if (capabilities.coalesced_mmio_page == 0) return mapper;
  if (auto registered = mapper->register_zones(); !registered) return tl::unexpected(registered.error());
  return mapper;
}

KvmMapper::KvmMapper(KvmMapperConfig config, PauseVcpus& pause, Syscalls& syscalls, HostWindow window,
                     const Capabilities& capabilities)
    : config_(std::move(config)),
      rules_{config_.window, config_.cuts, config_.slot_count},
      ring_page_(capabilities.coalesced_mmio_page),
      pause_(pause),
      syscalls_(syscalls),
      window_(std::move(window)),
      table_(config_.window),
      map_(MemoryMap::uniform(Layout(config_.window))),
      cpu_(config_.window) {}

Result<void> KvmMapper::register_zones() {
  const Gpa start = std::max(config_.coalesced.start(), config_.window.start());
  const Gpa end = std::min(config_.coalesced.end(), config_.window.end());
  if (start >= end) return {};
  for (const GpaRange& range : without(GpaRange(start, end), config_.device_ranges)) {
    kvm_coalesced_mmio_zone zone = zone_of(range);
    // SAFETY: KVM reads the structure and keeps no address.
    if (ioctl(syscalls_, config_.vm_fd, KVM_REGISTER_COALESCED_MMIO, zone) != 0) {
      return fail_errno(
          fmt::format("KVM_REGISTER_COALESCED_MMIO {:#x}-{:#x}", range.start(), range.end() - 1));
    }
    zones_.push_back(range);
  }
  return {};
}

KvmMapper::~KvmMapper() {
  // Nobody is left to tell of an error here, and the VM's end takes along what stays.
  for (const Slot& slot : table_.slots()) static_cast<void>(set_slot(slot, 0));
  for (const GpaRange& range : zones_) {
    kvm_coalesced_mmio_zone zone = zone_of(range);
    // SAFETY: as for the registration.
    ioctl(syscalls_, config_.vm_fd, KVM_UNREGISTER_COALESCED_MMIO, zone);
  }
}

}  // namespace lowmeg::kvm
