// Carries changes of segments out by asking the host over GET, as OpenHCL does.
//
// Source: GetBackedAdjustGpaRange of OpenHCL's i440bx_host_pci_bridge. Between a reset and the create that
// follows the RAM below shows read-write to other vCPUs: a wart of the protocol used strictly, one request at
// a time.
//
// Beyond the source: a segment is *unsure* after any answer that was not success, or that never came. The
// host may then hold a range that nobody here knows of, and a create alone would be refused for ever. So the
// next change of an unsure segment is never skipped, and resets the slot before all else; a reset of an empty
// slot is harmless.
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
  GetBackedAdjuster(get::Client& client, std::uint32_t base_slot, Gpa rom_bios_offset, EventSink& events)
      : GetBackedAdjuster(&client, base_slot, rom_bios_offset, events) {}
  /// Without a client: who does the I/O himself calls begin(), wanted() and answered() in the place of
  /// adjust().
  GetBackedAdjuster(std::uint32_t base_slot, Gpa rom_bios_offset, EventSink& events)
      : GetBackedAdjuster(nullptr, base_slot, rom_bios_offset, events) {}

  /// Blocks until the host has answered. A create that the host refuses is only a warning: the segment counts
  /// as having no override and is unsure, so that the next change tries again; but a slot that turns out to
  /// be taken is reset and filled at once. An error means that the
  /// connection is lost; what the host did not answer keeps its handle and is unsure.
  ///
  /// A0000-BFFFF in state Mmio is nothing to do; another state there, or a range that is not in the table,
  /// aborts.
  Result<void> adjust(std::span<const GpaStateChange> changes) override;

  /// adjust() in steps: begin(), and as long as wanted() is not empty ask the host these in their order, fill
  /// in the statuses (none where no answer came: the connection is lost) and call answered(). Nothing may be
  /// in hand at begin().
  void begin(std::span<const GpaStateChange> changes);
  std::span<get::RangeExchange> wanted() { return std::span(plan_.exchanges).first(plan_.size); }
  void answered();

  const AdjusterState& state() const { return state_; }
  /// Takes a state that this adjuster can reach (state::accept says), base slot included, and asks the host
  /// nothing: what it says is in place is believed, and no segment is unsure. Aborts when a handle is not its
  /// segment's slot.
  void restore(const AdjusterState& state);
  /// For a host that may hold anything, or may have carried out more than was answered: no handle is believed
  /// until the segment's next change has gone well. Asks the host nothing; a forced apply of all segments
  /// then resets and creates in one call of the client's. The marks are not part of the state.
  void mark_all_unsure();
  /// Whether the segment of this index is unsure.
  bool is_unsure(std::size_t index) const { return unsure_[index]; }

  Gpa rom_bios_offset() const { return rom_bios_offset_; }

 private:
  // The requests of one adjust: at most a reset and a create for each segment.
  struct Plan {
    void add(std::size_t index, const get::RangeRequest& request,
             const std::optional<Override>& create = std::nullopt);

    std::array<get::RangeExchange, 2 * kSegmentCount> exchanges{};
    std::array<std::size_t, 2 * kSegmentCount> segment{};
    std::array<std::optional<Override>, 2 * kSegmentCount> creates{};
    std::size_t size = 0;
  };
  void plan_unsure(const GpaStateChange& change, Plan& plan);
  void plan(const GpaStateChange& change, Plan& plan);
  Plan plan_again(const Plan& plan) const;
  void conclude(const Plan& plan, std::size_t step);
  void doubt_resets(const Plan& plan);

  GetBackedAdjuster(get::Client* client, std::uint32_t base_slot, Gpa rom_bios_offset, EventSink& events);

  // Static configuration.
  Gpa rom_bios_offset_;

  // Glue to the outside.
  get::Client* client_;
  EventSink& events_;
  EventLimit write_only_{8};
  EventLimit refused_{8};

  // Volatile state.
  AdjusterState state_;
  std::array<bool, kSegmentCount> unsure_{};
  Plan plan_;              // in hand
  bool is_again_ = false;  // it is the second of its adjust
};

}  // namespace lowmeg::hyperv
