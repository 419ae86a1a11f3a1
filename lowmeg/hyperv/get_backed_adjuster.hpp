// Carries changes of segments out by asking the host over GET, as OpenHCL does.
//
// Source: GetBackedAdjustGpaRange of OpenHCL's i440bx_host_pci_bridge. Between a reset and the create that
// follows the RAM below shows read-write to other vCPUs: a wart of the protocol used strictly, one request at
// a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lowmeg/core/adjust_gpa_ranges.hpp"
#include "lowmeg/core/event_sink.hpp"
#include "lowmeg/get/client.hpp"
#include "lowmeg/hyperv/policy.hpp"

namespace lowmeg::hyperv {

/// A range in place at the host. The host's handle is the slot number.
struct Handle {
  std::uint32_t remote_handle = 0;
  Override meta;

  friend bool operator==(const Handle&, const Handle&) = default;
};

/// What outlives the process: OpenHCL's saved state has these fields.
struct AdjusterState {
  std::uint32_t base_slot = 0;
  std::array<std::optional<Handle>, kSegmentCount> handles{};

  friend bool operator==(const AdjusterState&, const AdjusterState&) = default;
};

/// No lock of its own: see SharedAdjuster.
class GetBackedAdjuster final : public AdjustGpaRanges {
 public:
  /// Borrows client and sink. The first slot used is `base_slot`; `rom_bios_offset` as wanted_override has
  /// it.
  GetBackedAdjuster(get::Client& client, std::uint32_t base_slot, Gpa rom_bios_offset, EventSink& events);

  /// Blocks until the host has answered. A create that the host refuses is only a warning: the segment counts
  /// as having no override, so that the next change tries again. An error means that the connection is lost.
  ///
  /// A0000-BFFFF in state Mmio is nothing to do; another state there, or a range that is not in the table,
  /// aborts.
  Result<void> adjust(std::span<const GpaStateChange> changes) override;

  const AdjusterState& state() const { return state_; }
  /// Takes a state that this adjuster can reach (state::accept says), base slot included, and asks the host
  /// nothing: what it says is in place is believed. Aborts when a handle is not its segment's slot.
  void restore(const AdjusterState& state);
  /// For a host that may hold anything: resets all 13 slots there and drops every handle, so that a forced
  /// apply creates what is wanted. Blocks. On an error the connection is lost; the handles whose reset was
  /// answered are dropped, the others kept.
  Result<void> forget_ranges();

  Gpa rom_bios_offset() const { return rom_bios_offset_; }

 private:
  // The requests of one adjust: at most a reset and a create for each segment.
  struct Plan {
    std::array<get::RangeExchange, 2 * kSegmentCount> exchanges{};
    std::array<std::size_t, 2 * kSegmentCount> segment{};
    std::array<std::optional<Override>, 2 * kSegmentCount> creates{};
    std::size_t size = 0;
  };
  void plan(const GpaStateChange& change, Plan& plan);
  void conclude(const Plan& plan, std::size_t step);

  // Static configuration.
  Gpa rom_bios_offset_;

  // Glue to the outside.
  get::Client& client_;
  EventSink& events_;
  EventLimit write_only_{8};
  EventLimit refused_{8};

  // Volatile state.
  AdjusterState state_;
};

}  // namespace lowmeg::hyperv
