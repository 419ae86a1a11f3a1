// The beginning and the end of a KvmMapper: its configuration, and leaving nothing behind.
#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::MemoryMap;

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
  if (config.smm == SmmView::kMirrored && (capabilities.smm == 0 || capabilities.address_spaces < 2)) {
    return fail(Errc::kNotSupported, "this KVM has no address space for system management mode");
  }
  const auto slots = static_cast<std::uint64_t>(capabilities.memory_slots);
  if (config.slot_count == 0 || std::uint64_t{config.first_slot} + config.slot_count > slots) {
    return fail(Errc::kInvalidArgument,
                fmt::format("slots {} to {} are not slots of this KVM, which has {}", config.first_slot,
                            std::uint64_t{config.first_slot} + config.slot_count, slots));
  }
  return {};
}

Stillness chosen(const KvmMapperConfig& config) {
  if (config.stillness != Stillness::kAuto) return config.stillness;
  const bool may_fence = config.vcpus == 1 || how_guest_runs() == GuestRuns::kNatively;
  return may_fence ? Stillness::kFence : Stillness::kPause;
}

}  // namespace

Result<std::unique_ptr<KvmMapper>> KvmMapper::create(KvmMapperConfig config, PauseVcpus& pause,
                                                     Syscalls& syscalls) {
  const Capabilities capabilities = query_capabilities(config.vm_fd, syscalls);
  if (auto checked = check_config(config, capabilities); !checked) return tl::unexpected(checked.error());
  std::ranges::sort(config.cuts);
  std::unique_ptr<KvmMapper> mapper(new KvmMapper(std::move(config), pause, syscalls, capabilities));
  if (auto added = mapper->add_spaces(); !added) return tl::unexpected(added.error());
  return mapper;
}

KvmMapper::KvmMapper(KvmMapperConfig config, PauseVcpus& pause, Syscalls& syscalls,
                     const Capabilities& capabilities)
    : config_(std::move(config)),
      ring_page_(capabilities.coalesced_mmio_page),
      stillness_(chosen(config_)),
      pause_(pause),
      syscalls_(syscalls),
      zones_(config_.vm_fd, syscalls),
      map_(MemoryMap::uniform(Layout(config_.window))) {}

Result<void> KvmMapper::add_spaces() {
  const std::uint32_t count = config_.smm == SmmView::kMirrored ? 2 : 1;
  for (std::uint32_t number = 0; number < count; ++number) {
    auto space = AddressSpace::create({.vm_fd = config_.vm_fd,
                                       .first_slot = number << 16 | config_.first_slot,
                                       .window = config_.window,
                                       .memory = config_.memory,
                                       .way = config_.way,
                                       .rules = {config_.cuts, config_.slot_count},
                                       .demotions_until_kept = config_.demotions_until_kept},
                                      syscalls_);
    if (!space) return tl::unexpected(space.error());
    spaces_.push_back(std::move(*space));
  }
  return {};
}

KvmMapper::~KvmMapper() = default;

std::string KvmMapper::way_line() const {
  if (config_.way == MapWay::kInPlace) return "slots in place, vCPUs paused";
  if (config_.way == MapWay::kSlots) return "slots, vCPUs paused";
  return stillness_ == Stillness::kFence ? "protection, fenced"
                                         : "protection, vCPUs paused for more than one piece";
}

}  // namespace lowmeg::kvm
