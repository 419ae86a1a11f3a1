#include "vmm/tracing_mapper.hpp"

#include <fmt/format.h>

#include "lowmeg/core/stopwatch.hpp"

namespace vmm {
namespace {

// What the CPUs see change, with what lies side by side in one.
std::string changed_text(const lowmeg::memory::Layout& before, const lowmeg::memory::Layout& after) {
  std::vector<lowmeg::GpaRange> ranges;
  lowmeg::memory::for_each_change(before, after, [&](const lowmeg::memory::LayoutChange& change) {
    if (!ranges.empty() && ranges.back().end() == change.range.start()) {
      ranges.back() = {ranges.back().start(), change.range.end()};
    } else {
      ranges.push_back(change.range);
    }
  });
  std::string text;
  for (const lowmeg::GpaRange& range : ranges)
    text += fmt::format("{}{:05X}-{:05X}", text.empty() ? "" : " ", range.start(), range.end() - 1);
  return text.empty() ? "nothing" : text;
}

}  // namespace

lowmeg::Result<void> TracingMapper::commit(const lowmeg::memory::MemoryMap& map) {
  const lowmeg::memory::Layout before = below_.map().cpu;
  TraceEvent event{.kind = TraceEvent::Kind::kCommit, .name = "commit"};
  lowmeg::Result<void> committed;
  {
    const lowmeg::Stopwatch stopwatch(event.took_ns);
    committed = below_.commit(map);
  }
  if (committed) {
    event.texts = {{"changed", changed_text(before, map.cpu)}};
  } else {
    event.name = "commit failed";
    event.texts = {{"failed", committed.error().message()}};
  }
  sink_(std::move(event));
  return committed;
}

}  // namespace vmm
