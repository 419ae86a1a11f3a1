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
  const bool is_in_place = config.way == MapWay::kInPlace;
  auto window = HostWindow::create(
      config.window, is_in_place ? HostWindow::Reserved::kNo : HostWindow::Reserved::kYes, syscalls);
  if (!window) return tl::unexpected(window.error());
  auto open_pages =
      OpenPages::create(is_in_place ? OpenPages::Mapped::kYes : OpenPages::Mapped::kNo, syscalls);
  if (!open_pages) return tl::unexpected(open_pages.error());
  return std::unique_ptr<KvmMapper>(new KvmMapper(std::move(config), pause, syscalls, std::move(*window),
                                                  std::move(*open_pages), capabilities));
}

KvmMapper::KvmMapper(KvmMapperConfig config, PauseVcpus& pause, Syscalls& syscalls, HostWindow window,
                     OpenPages open_pages, const Capabilities& capabilities)
    : config_(std::move(config)),
      rules_{config_.cuts, config_.slot_count},
      ring_page_(capabilities.coalesced_mmio_page),
      stillness_(chosen(config_)),
      pause_(pause),
      in_place_(config_.vm_fd, config_.first_slot, config_.memory, std::move(window), std::move(open_pages),
                syscalls),
      zones_(config_.vm_fd, syscalls),
      demotions_(config_.demotions_until_kept),
      map_(MemoryMap::uniform(Layout(config_.window))),
      cpu_(config_.window) {}

KvmMapper::~KvmMapper() = default;

std::string KvmMapper::way_line() const {
  if (config_.way == MapWay::kInPlace) return "slots in place, vCPUs paused";
  if (config_.way == MapWay::kSlots) return "slots, vCPUs paused";
  return stillness_ == Stillness::kFence ? "protection, fenced"
                                         : "protection, vCPUs paused for more than one piece";
}

}  // namespace lowmeg::kvm
