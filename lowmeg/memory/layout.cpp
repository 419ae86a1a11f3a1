#include "lowmeg/memory/layout.hpp"

namespace lowmeg::memory {
namespace {

// Appends in order of address and keeps the canonical form.
class Builder {
 public:
  explicit Builder(std::size_t expected) { regions_->reserve(expected); }

  void append(GpaRange range, const Routes& routes) {
    if (range.empty()) return;
    if (!regions_->empty()) {
      Region& last = regions_->back();
      if (last.at(range.start()) == routes) {
        last.range = GpaRange(last.range.start(), range.end());
        return;
      }
    }
    regions_->push_back({range, routes});
  }

  // The part [start, end) of `region`.
  void append_part(const Region& region, Gpa start, Gpa end) {
    if (start < end) append(GpaRange(start, end), region.at(start));
  }

  std::shared_ptr<const std::vector<Region>> take() { return std::move(regions_); }

 private:
  std::shared_ptr<std::vector<Region>> regions_ = std::make_shared<std::vector<Region>>();
};

void check_order(std::span<const Region> regions) {
  for (std::size_t i = 1; i < regions.size(); ++i) {
    LOWMEG_INVARIANT(regions[i - 1].range.end() <= regions[i].range.start(),
                     "regions sorted, without overlap");
  }
}

}  // namespace

Layout::Layout(GpaRange window) : Layout(window, {}) {}

Layout::Layout(GpaRange window, std::span<const Region> regions) : window_(window) {
  check_order(regions);
  Builder builder(2 * regions.size() + 1);
  Gpa next = window.start();
  for (const Region& region : regions) {
    LOWMEG_INVARIANT(window.contains(region.range), "regions within the window");
    builder.append(GpaRange(next, region.range.start()), bus_routes());
    builder.append(region.range, region.routes);
    next = region.range.end();
  }
  builder.append(GpaRange(next, window.end()), bus_routes());
  regions_ = builder.take();
}

Layout Layout::overlaid(std::span<const Region> overrides) const {
  check_order(overrides);
  Builder builder(regions_->size() + 2 * overrides.size());
  auto below = regions_->begin();
  Gpa next = window_.start();
  const auto copy_below_until = [&](Gpa end) {
    while (next < end) {
      const Gpa part_end = std::min(below->range.end(), end);
      builder.append_part(*below, next, part_end);
      next = part_end;
      if (next == below->range.end()) ++below;
    }
  };
  for (const Region& override_region : overrides) {
    const Gpa start = std::max(override_region.range.start(), window_.start());
    const Gpa end = std::min(override_region.range.end(), window_.end());
    if (start >= end) continue;
    copy_below_until(start);
    builder.append_part(override_region, start, end);
    next = end;
    while (below != regions_->end() && below->range.end() <= next) ++below;
  }
  copy_below_until(window_.end());
  Layout result = *this;
  result.regions_ = builder.take();
  return result;
}

Routes Layout::find(Gpa gpa) const {
  if (!window_.contains(gpa)) return bus_routes();
  const auto after =
      std::upper_bound(regions_->begin(), regions_->end(), gpa,
                       [](Gpa value, const Region& region) { return value < region.range.end(); });
  return after->at(gpa - gpa % kPageSize);
}

std::vector<LayoutChange> diff(const Layout& before, const Layout& after) {
  std::vector<LayoutChange> changes;
  for_each_change(before, after, [&](const LayoutChange& change) { changes.push_back(change); });
  return changes;
}

}  // namespace lowmeg::memory
