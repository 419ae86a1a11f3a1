#include "lowmeg/decode/overlay.hpp"

#include <algorithm>

namespace lowmeg::decode {
namespace {

using memory::Region;
using memory::Routes;

constexpr std::size_t kSplitsExpected = 32;

}  // namespace

Overlay::Overlay(const memory::Layout& lowest) : window_(lowest.window()) {
  regions_.reserve(lowest.regions().size() + kSplitsExpected);
  regions_.assign(lowest.regions().begin(), lowest.regions().end());
}

void Overlay::lay(GpaRange range, const Routes& routes, Accesses accesses) {
  if (range.empty()) return;
  const std::size_t first = split(range.start());
  const std::size_t last = split(range.end());
  for (std::size_t i = first; i < last; ++i) {
    Region& region = regions_[i];
    const Routes laid = routes.advanced(region.range.start() - range.start());
    if (has(accesses, Accesses::kRead)) region.routes.read = laid.read;
    if (has(accesses, Accesses::kWrite)) region.routes.write = laid.write;
    if (has(accesses, Accesses::kFetch)) region.routes.fetch = laid.fetch;
  }
}

void Overlay::lay(GpaRange range, const memory::Layout& source, Gpa source_start, Accesses accesses) {
  const Gpa source_end = source_start + range.size();
  for (const Region& region : source.regions()) {
    const Gpa start = std::max(source_start, region.range.start());
    const Gpa end = std::min(source_end, region.range.end());
    if (start >= end) continue;
    const Gpa target = range.start() + (start - source_start);
    lay(GpaRange(target, target + (end - start)), region.at(start), accesses);
  }
}

memory::Layout Overlay::layout() const {
  return memory::Layout(window_, regions_);
}

// Makes a region begin at `gpa` and returns its index; that after the last at the window's end.
std::size_t Overlay::split(Gpa gpa) {
  const auto found =
      std::ranges::find_if(regions_, [gpa](const Region& region) { return gpa < region.range.end(); });
  const auto index = static_cast<std::size_t>(found - regions_.begin());
  if (found == regions_.end() || found->range.start() == gpa) return index;
  const Region lower{GpaRange(found->range.start(), gpa), found->routes};
  *found = {GpaRange(gpa, found->range.end()), found->at(gpa)};
  regions_.insert(found, lower);
  return index + 1;
}

}  // namespace lowmeg::decode
