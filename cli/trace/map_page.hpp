// The first mebibyte over time as a page: one file, nothing fetched from anywhere.
#pragma once

#include <span>
#include <string>

#include "vmm/trace_event.hpp"

namespace cli {

struct MapPage {
  std::string title;         ///< what ran
  std::uint64_t end_ns = 0;  ///< of the machine's time
  std::uint64_t lost = 0;    ///< events that were not kept
};

/// cli/trace/map_page.html with the changes among `events` as its data.
std::string map_page(std::span<const vmm::TraceEvent> events, const MapPage& page);
/// That data alone: a JSON object that may stand within a page's script element.
std::string map_data(std::span<const vmm::TraceEvent> events, const MapPage& page);

}  // namespace cli
