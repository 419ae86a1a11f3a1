#include "lowmeg/kvm/kvm_mapper.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/capabilities.hpp"
#include "lowmeg/kvm/native_guest.hpp"

namespace lowmeg::kvm {
namespace {

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
  const Stillness stillness = chosen(config);
  std::unique_ptr<KvmMapper> mapper(
      new KvmMapper(std::move(config), stillness, capabilities.coalesced_mmio_page));
  auto changer = MapChanger::create({.config = mapper->config_,
                                     .stillness = stillness,
                                     .ring_page = mapper->ring_page_,
                                     .ring = mapper->ring_,
                                     .pause = pause,
                                     .syscalls = syscalls});
  if (!changer) return tl::unexpected(changer.error());
  mapper->changer_ = std::move(*changer);
  mapper->exits_.emplace(*mapper->changer_, mapper->ring_, syscalls);
  return mapper;
}

KvmMapper::~KvmMapper() = default;

KvmMapperCounters KvmMapper::counters() const {
  KvmMapperCounters result = changer_->counters();
  result.drained_writes = ring_.drained();
  result.stray_reads = exits_->stray_reads();
  return result;
}

std::string way_line(MapWay way, Stillness stillness) {
  if (way == MapWay::kInPlace) return "slots in place, vCPUs paused";
  if (way == MapWay::kSlots) return "slots, vCPUs paused";
  return stillness == Stillness::kFence ? "protection, fenced"
                                        : "protection, vCPUs paused for more than one piece";
}

}  // namespace lowmeg::kvm
