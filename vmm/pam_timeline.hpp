// What became of each config write that changed a segment: the register, the segments, and what went over
// GET.
//
// Sits between bridge and adjuster and measures as it passes a change on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "lowmeg/bridge/host_bridge.hpp"
#include "lowmeg/core/adjust_gpa_ranges.hpp"
#include "lowmeg/get/client.hpp"

namespace vmm {

/// A PAM dword before and after a config write.
struct RegisterChange {
  std::uint8_t offset = 0;  ///< 58h or 5Ch
  std::uint32_t before = 0;
  std::uint32_t now = 0;

  friend bool operator==(const RegisterChange&, const RegisterChange&) = default;
};

struct TimelineEntry {
  /// None: not a config write but power-on or reset, where all segments are told.
  std::optional<RegisterChange> config_write;
  std::vector<lowmeg::GpaStateChange> segments;
  std::uint64_t resets = 0;
  std::uint64_t creates = 0;
  std::uint64_t refused_creates = 0;
  std::uint64_t round_trips = 0;
  std::uint64_t nanoseconds = 0;  ///< of GET, by the wall clock

  std::uint64_t requests() const { return resets + creates; }
};

class PamTimeline final : public lowmeg::AdjustGpaRanges {
 public:
  /// Hears of every config write that changed a segment, and of what else made the host be asked.
  using Listener = std::function<void(const TimelineEntry&)>;

  /// Borrows adjuster and client. The bridge above is set once it exists; power-on comes after that.
  PamTimeline(lowmeg::AdjustGpaRanges& adjuster, const lowmeg::get::Client& client, Listener listener)
      : adjuster_(adjuster), client_(client), listener_(std::move(listener)) {}
  void watch(const lowmeg::bridge::HostBridge& bridge);

  lowmeg::Result<void> adjust(std::span<const lowmeg::GpaStateChange> changes) override;

 private:
  std::optional<RegisterChange> take_register_change();

  lowmeg::AdjustGpaRanges& adjuster_;
  const lowmeg::get::Client& client_;
  Listener listener_;
  const lowmeg::bridge::HostBridge* bridge_ = nullptr;
  lowmeg::PamDwords seen_;
};

}  // namespace vmm
