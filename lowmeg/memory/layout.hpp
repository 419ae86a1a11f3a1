// A Layout says where every page of a window of guest physical addresses goes. It is a value.
//
// Canonical form: regions sorted, without overlap or gap, and neighbours whose routes continue each other are
// one. So two layouts are equal exactly when they mean the same. Copies share their regions.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "lowmeg/memory/route.hpp"

namespace lowmeg::memory {

struct Region {
  GpaRange range;
  Routes routes;  ///< of the first page; the offsets run on from there

  /// The routes of the page at `gpa`, which lies in the range and is page-aligned.
  constexpr Routes at(Gpa gpa) const { return routes.advanced(gpa - range.start()); }
  friend constexpr bool operator==(const Region&, const Region&) = default;
};

class Layout {
 public:
  /// All of `window` to the bus.
  explicit Layout(GpaRange window);
  /// `regions` sorted, without overlap, within `window` (else the program is wrong); what they leave out is
  /// bus.
  Layout(GpaRange window, std::span<const Region> regions);

  /// This layout with `overrides` (sorted, no overlap) laid over it; parts outside the window are left out.
  Layout overlaid(std::span<const Region> overrides) const;

  const GpaRange& window() const { return window_; }
  std::span<const Region> regions() const { return *regions_; }
  /// The routes of the page that holds `gpa`; bus outside the window.
  Routes find(Gpa gpa) const;

  bool shares_regions_with(const Layout& other) const { return regions_ == other.regions_; }
  friend bool operator==(const Layout& a, const Layout& b) {
    return a.window_ == b.window_ && (a.regions_ == b.regions_ || *a.regions_ == *b.regions_);
  }

 private:
  GpaRange window_;
  std::shared_ptr<const std::vector<Region>> regions_;
};

/// A part of the window whose routes differ, with both.
struct LayoutChange {
  GpaRange range;
  Routes before;
  Routes after;

  friend bool operator==(const LayoutChange&, const LayoutChange&) = default;
};

/// Calls `visit(LayoutChange)` for each, in order of address. Both layouts have the same window.
template <typename Visit>
void for_each_change(const Layout& before, const Layout& after, Visit visit) {
  LOWMEG_INVARIANT(before.window() == after.window(), "layouts of one window");
  if (before.shares_regions_with(after)) return;
  auto old_region = before.regions().begin();
  auto new_region = after.regions().begin();
  for (Gpa gpa = before.window().start(); gpa != before.window().end();) {
    const Gpa end = std::min(old_region->range.end(), new_region->range.end());
    const Routes old_routes = old_region->at(gpa);
    const Routes new_routes = new_region->at(gpa);
    if (old_routes != new_routes) visit(LayoutChange{GpaRange(gpa, end), old_routes, new_routes});
    if (old_region->range.end() == end) ++old_region;
    if (new_region->range.end() == end) ++new_region;
    gpa = end;
  }
}

/// All changes, for tests and for people.
std::vector<LayoutChange> diff(const Layout& before, const Layout& after);

}  // namespace lowmeg::memory
