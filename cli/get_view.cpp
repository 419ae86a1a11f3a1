#include "cli/get_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace cli {
namespace {

using lowmeg::get::CreateRamGpaRange;
using lowmeg::get::CreateStatus;
using lowmeg::get::RangeSlots;
using lowmeg::get::ResetRamGpaRange;

constexpr CreateStatus kStatuses[] = {CreateStatus::kSuccess,      CreateStatus::kSlotOutOfBounds,
                                      CreateStatus::kSlotOccupied, CreateStatus::kInvalidFlag,
                                      CreateStatus::kInvalidGpa,   CreateStatus::kFailed};

std::string_view access_text(bool read_only) {
  return read_only ? "read-only" : "read-write";
}

}  // namespace

std::string request_text(const lowmeg::get::RangeRequest& request, CreateStatus status) {
  if (const auto* reset = std::get_if<ResetRamGpaRange>(&request))
    return fmt::format("reset  slot {}", reset->slot);
  const auto& create = std::get<CreateRamGpaRange>(request);
  const bool read_only = (create.flags & lowmeg::get::wire::kFlagRomMb) != 0;
  const std::string range = create.gpa_count == 0 ? fmt::format("nothing at {:05X}", create.gpa_start)
                                                  : fmt::format("{:05X}-{:05X}", create.gpa_start,
                                                                create.gpa_start + create.gpa_count - 1);
  std::string text = fmt::format("create slot {}: {} from {:08X}, {}", create.slot, range, create.gpa_offset,
                                 access_text(read_only));
  if (create.flags & ~lowmeg::get::wire::kFlagRomMb) text += fmt::format(", flags {:X}h", create.flags);
  return text + fmt::format(" -> {}", lowmeg::get::name_of(status));
}

std::string slots_text(const RangeSlots& slots) {
  std::vector<std::pair<RangeSlots::Slot, std::uint32_t>> ranges;
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    if (const auto slot = slots.slot(i)) ranges.emplace_back(*slot, i);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first.range < b.first.range; });
  std::string text;
  for (const auto& [slot, index] : ranges) {
    text += fmt::format("  {:05X}-{:05X}  RAM {:08X}  {:<10}  slot {}\n", slot.range.start(),
                        slot.range.end() - 1, slot.ram_offset, access_text(slot.read_only), index);
  }
  return text.empty() ? "  no ranges: RAM as it lies\n" : text;
}

std::string counters_text(const std::string& end, const lowmeg::get::Counters& counters) {
  std::string by_status;
  for (const CreateStatus status : kStatuses) {
    const std::uint64_t count = counters.creates.of(status);
    if (count == 0) continue;
    by_status += fmt::format("{}{} {}", by_status.empty() ? " (" : ", ", count, lowmeg::get::name_of(status));
  }
  if (!by_status.empty()) by_status += ")";
  return fmt::format("GET {}: {} creates{}, {} resets, {} round trips\n", end, counters.creates.total(),
                     by_status, counters.resets, counters.round_trips) +
         fmt::format("GET {}: {} bytes sent, {} received, {} us, {} commits\n", end, counters.bytes_sent,
                     counters.bytes_received, counters.nanoseconds / 1000, counters.commits);
}

}  // namespace cli
