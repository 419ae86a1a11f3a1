// What became of each config write in Hyper-V's way: the register, the segments, and what went over GET.
//
// Sits between bridge and adjuster and measures as it passes a change on.
#pragma once

#include "lowmeg/core/adjust_gpa_ranges.hpp"
#include "lowmeg/get/client.hpp"
#include "vmm/chipset/chipset.hpp"

namespace vmm {

class PamTimeline final : public lowmeg::AdjustGpaRanges {
 public:
  /// Borrows adjuster and client. The bridge above is set once it exists; power-on comes after that. The
  /// listener hears of every config write that changed a segment, and of what else made the host be asked.
  PamTimeline(lowmeg::AdjustGpaRanges& adjuster, const lowmeg::get::Client& client,
              Chipset::Listener listener)
      : adjuster_(adjuster), client_(client), listener_(std::move(listener)) {}
  void watch(const lowmeg::bridge::HostBridge& bridge);

  lowmeg::Result<void> adjust(std::span<const lowmeg::GpaStateChange> changes) override;

 private:
  std::optional<RegisterChange> take_register_change();

  lowmeg::AdjustGpaRanges& adjuster_;
  const lowmeg::get::Client& client_;
  Chipset::Listener listener_;
  const lowmeg::bridge::HostBridge* bridge_ = nullptr;
  lowmeg::PamDwords seen_;
};

}  // namespace vmm
