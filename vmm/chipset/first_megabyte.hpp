// The first megabyte as a person wants to see it: for each segment its state, and where accesses really go.
#pragma once

#include <optional>
#include <vector>

#include "lowmeg/core/pam.hpp"
#include "lowmeg/get/range_slots.hpp"
#include "lowmeg/memory/memory_map.hpp"

namespace vmm {

struct MegabyteRow {
  lowmeg::GpaRange range;
  std::optional<lowmeg::GpaState> state;  ///< none below C0000, where PAM has no say
  lowmeg::memory::Routes routes;
  std::optional<std::uint32_t> slot;  ///< the RAM GPA range that shows here
};

/// Rows in order of address, cut where a segment or a route changes. `slots` is null where there is no host.
std::vector<MegabyteRow> first_megabyte(const lowmeg::memory::Layout& layout, const lowmeg::PamStates& states,
                                        const lowmeg::get::RangeSlots* slots);

}  // namespace vmm
