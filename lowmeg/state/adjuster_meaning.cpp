#include "lowmeg/state/adjuster_meaning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "lowmeg/hyperv/policy.hpp"

namespace lowmeg::state {
namespace {

using hyperv::Access;
using hyperv::kSegmentCount;
using hyperv::Override;
using hyperv::SegmentRow;

constexpr GpaState kStates[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                GpaState::kWritable};

tl::unexpected<Error> refuse(std::size_t index, std::string_view reason) {
  return fail(Errc::kInvalidArgument, fmt::format("handles[{}].{}", index, reason));
}

std::string name_of(const SegmentRow& segment) {
  return fmt::format("{:05x}-{:05x}", segment.range.start(), segment.range.end() - 1);
}

// How far the segment's possible overrides agree with a saved one, in the order of the comparison.
enum class Agreement { kNone, kRange, kOffset, kAll };

Agreement agreement(const std::optional<Override>& possible, const GpaRange& range,
                    const SavedHandle& saved) {
  if (!possible || possible->range != range) return Agreement::kNone;
  if (possible->gpa_offset != saved.gpa_offset) return Agreement::kRange;
  return (possible->access == Access::kReadOnly) == saved.is_rom ? Agreement::kAll : Agreement::kOffset;
}

// By whatever policy: a part of its segment, from itself or from the images.
bool belongs_to(const SegmentRow& segment, const Override& shown, Gpa rom_bios_offset) {
  const Gpa start = shown.range.start();
  return !shown.range.empty() && segment.range.contains(shown.range) &&
         (shown.gpa_offset == start || shown.gpa_offset == start + rom_bios_offset);
}

Result<Override> accept_override(const SavedHandle& saved, std::size_t index, Gpa rom_bios_offset,
                                 SavedBy saved_by) {
  const Result<GpaRange> range = accept(saved.range);
  if (!range) return refuse(index, "range." + range.error().what);
  const SegmentRow& segment = hyperv::kSegments[index];
  const Override shown{*range, saved.gpa_offset, saved.is_rom ? Access::kReadOnly : Access::kReadWrite};
  if (saved_by == SavedBy::kAnyBuild && belongs_to(segment, shown, rom_bios_offset)) return shown;
  Agreement best = Agreement::kNone;
  for (const GpaState state : kStates) {
    const auto possible = hyperv::wanted_override(segment, state, rom_bios_offset);
    const Agreement found = agreement(possible, *range, saved);
    if (found == Agreement::kAll) return *possible;
    best = std::max(best, found);
  }
  switch (best) {
    case Agreement::kNone:
      return refuse(index, fmt::format("range: {:x}h-{:x}h is no range of segment {}", saved.range.start,
                                       saved.range.end, name_of(segment)));
    case Agreement::kRange:
      return refuse(index, fmt::format("gpa_offset: segment {} never shows {:x}h with the images at {:x}h",
                                       name_of(segment), saved.gpa_offset, rom_bios_offset));
    default:
      return refuse(index, fmt::format("is_rom: segment {} never shows {:x}h {}", name_of(segment),
                                       saved.gpa_offset, saved.is_rom ? "read-only" : "read-write"));
  }
}

Result<hyperv::Handle> accept_handle(const SavedHandle& saved, std::size_t index, std::uint32_t slot,
                                     Gpa rom_bios_offset, SavedBy saved_by) {
  if (saved.remote_handle != slot) {
    return refuse(index, fmt::format("remote_handle: {}, where slot {} is right", saved.remote_handle, slot));
  }
  const Result<Override> meta = accept_override(saved, index, rom_bios_offset, saved_by);
  if (!meta) return tl::unexpected(meta.error());
  return hyperv::Handle{slot, *meta};
}

}  // namespace

SavedAdjuster to_saved(const hyperv::AdjusterState& state) {
  const auto& [base_slot, handles] = state;
  SavedAdjuster saved{.base_slot = base_slot, .handles = {}};
  static_assert(std::tuple_size_v<decltype(saved.handles)> == kSegmentCount);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!handles[i]) continue;
    const auto& [remote_handle, meta] = *handles[i];
    const auto& [range, gpa_offset, access] = meta;
    saved.handles[i] = SavedHandle{remote_handle, to_saved(range), gpa_offset, access == Access::kReadOnly};
  }
  return saved;
}

Result<hyperv::AdjusterState> accept(const SavedAdjuster& adjuster, Gpa rom_bios_offset, SavedBy saved_by) {
  const auto& [base_slot, handles] = adjuster;
  if (base_slot > std::numeric_limits<std::uint32_t>::max() - (kSegmentCount - 1)) {
    return fail(Errc::kInvalidArgument, fmt::format("base_slot: no 13 slots from {:x}h on", base_slot));
  }
  hyperv::AdjusterState state{.base_slot = base_slot, .handles = {}};
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!handles[i]) continue;
    const auto slot = base_slot + static_cast<std::uint32_t>(i);
    const Result<hyperv::Handle> handle = accept_handle(*handles[i], i, slot, rom_bios_offset, saved_by);
    if (!handle) return tl::unexpected(handle.error());
    state.handles[i] = *handle;
  }
  return state;
}

}  // namespace lowmeg::state
