// The timeline and the map of the first megabyte as text, readable at 100 columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "vmm/chipset/first_megabyte.hpp"
#include "vmm/chipset/timeline_entry.hpp"

namespace cli {

/// Whether times of the wall clock may be printed; a deterministic boot prints none.
enum class WallTimes { kShown, kHidden };

/// The line above the first entry.
std::string timeline_header();
/// One entry at `time_ns` since power-on, without a line end. Long lists of segments go on in further lines,
/// indented.
std::string timeline_line(const vmm::TimelineEntry& entry, std::uint64_t time_ns, WallTimes wall_times,
                          const Terminal& terminal);
/// The map, a row a line, with a header and a line end each.
std::string map_table(const std::vector<vmm::MegabyteRow>& rows, const Terminal& terminal);

}  // namespace cli
