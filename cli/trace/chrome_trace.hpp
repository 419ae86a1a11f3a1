// A trace as Perfetto's UI and chrome://tracing open it.
//
// After Google's "Trace Event Format" (JSON object format): complete events "X" with a duration where one was
// measured, instants "i" else, counters "C"; times in microseconds of the machine's time. One process, a
// thread a kind of event.
#pragma once

#include <span>
#include <string>

#include "vmm/trace_event.hpp"

namespace cli {

/// One JSON object; `lost` events came after these. `title` names the process.
std::string chrome_trace(std::span<const vmm::TraceEvent> events, std::uint64_t lost,
                         const std::string& title);

}  // namespace cli
