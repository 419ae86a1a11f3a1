// Random layouts against the plainest thing that means the same: an array of pages.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "lowmeg/memory/layout.hpp"

namespace lowmeg::memory {
namespace {

constexpr std::size_t kPages = 16;
constexpr Gpa kStart = 0x40000;
constexpr GpaRange kPagesWindow{kStart, kStart + kPages* kPageSize};
using PageArray = std::array<Routes, kPages>;

class LayoutProperty : public testing::Test {
 protected:
  std::size_t pick(std::size_t count) { return random_() % count; }

  // Few targets and offsets, so that neighbours often continue each other.
  Routes routes() {
    const std::uint64_t offset = pick(6) * kPageSize;
    const Route choices[] = {Route::ram(offset), Route::rom(offset), Route::bus(), Route::drop()};
    switch (pick(4)) {
      case 0:
        return ram_routes(offset);
      case 1:
        return read_only_ram_routes(offset);
      default:
        return {choices[pick(4)], choices[pick(4)], choices[pick(4)]};
    }
  }
  // Sorted regions without overlap that begin up to `margin` pages before the window and end as far after it;
  // some of them are empty.
  std::vector<Region> regions(std::size_t margin) {
    std::vector<Region> result;
    Gpa next = kStart - margin * kPageSize + pick(4) * kPageSize;
    const Gpa end = kPagesWindow.end() + margin * kPageSize;
    while (next < end) {
      const Gpa region_end = std::min(next + pick(6) * kPageSize, end);
      result.push_back({GpaRange(next, region_end), routes()});
      next = region_end + pick(3) * kPageSize;
    }
    return result;
  }
  static void lay_over(PageArray& pages, const std::vector<Region>& regions) {
    for (const Region& region : regions) {
      for (Gpa gpa = region.range.start(); gpa < region.range.end(); gpa += kPageSize) {
        if (kPagesWindow.contains(gpa)) pages[(gpa - kStart) / kPageSize] = region.at(gpa);
      }
    }
  }
  static void expect_pages(const Layout& layout, const PageArray& pages) {
    std::size_t regions_needed = 1;
    for (std::size_t i = 0; i < kPages; ++i) {
      ASSERT_EQ(layout.find(kStart + i * kPageSize + 0x123), pages[i]) << i;
      if (i > 0 && pages[i - 1].advanced(kPageSize) != pages[i]) ++regions_needed;
    }
    // Canonical: no more regions than there are breaks, in order, without a gap.
    ASSERT_EQ(layout.regions().size(), regions_needed);
    Gpa next = kStart;
    for (const Region& region : layout.regions()) {
      ASSERT_EQ(region.range.start(), next);
      next = region.range.end();
    }
    ASSERT_EQ(next, kPagesWindow.end());
  }

 private:
  std::mt19937_64 random_{440};
};

TEST_F(LayoutProperty, MeansWhatAnArrayOfPagesMeans) {
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<Region> below = regions(0), over = regions(3);
    PageArray before{};
    lay_over(before, below);
    const Layout layout(kPagesWindow, below);
    ASSERT_NO_FATAL_FAILURE(expect_pages(layout, before)) << round;

    PageArray after = before;
    lay_over(after, over);
    const Layout overlaid = layout.overlaid(over);
    ASSERT_NO_FATAL_FAILURE(expect_pages(overlaid, after)) << round;
    ASSERT_EQ(overlaid == layout, before == after) << round;

    // The changes, carried out on the pages before, give the pages after; and they name nothing that stays.
    PageArray patched = before;
    Gpa last_end = 0;
    for (const LayoutChange& change : diff(layout, overlaid)) {
      ASSERT_GE(change.range.start(), last_end);
      last_end = change.range.end();
      ASSERT_FALSE(change.range.empty());
      for (Gpa gpa = change.range.start(); gpa < change.range.end(); gpa += kPageSize) {
        Routes& page = patched[(gpa - kStart) / kPageSize];
        ASSERT_EQ(page, change.before.advanced(gpa - change.range.start())) << round;
        ASSERT_NE(page, change.after.advanced(gpa - change.range.start())) << round;
        page = change.after.advanced(gpa - change.range.start());
      }
    }
    ASSERT_EQ(patched, after) << round;
  }
}

}  // namespace
}  // namespace lowmeg::memory
