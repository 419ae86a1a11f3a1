#include "lowmeg/memory/layout.hpp"

#include <gmock/gmock.h>

#include "lowmeg/memory/memory_map.hpp"

namespace lowmeg::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr GpaRange kWindow{0x10000, 0x20000};

std::vector<Region> regions(const Layout& layout) {
  return {layout.regions().begin(), layout.regions().end()};
}
Region ram(Gpa start, Gpa end, std::uint64_t offset) {
  return {{start, end}, ram_routes(offset)};
}
Region bus(Gpa start, Gpa end) {
  return {{start, end}, bus_routes()};
}

// "Sorted, without overlap or gap": what the regions leave out is bus.
TEST(Layout, FillsGapsWithBus) {
  EXPECT_THAT(regions(Layout(kWindow)), ElementsAre(bus(0x10000, 0x20000)));
  const Region parts[] = {ram(0x11000, 0x12000, 0), ram(0x14000, 0x20000, 0x8000)};
  EXPECT_THAT(regions(Layout(kWindow, parts)),
              ElementsAre(bus(0x10000, 0x11000), ram(0x11000, 0x12000, 0), bus(0x12000, 0x14000),
                          ram(0x14000, 0x20000, 0x8000)));
}

// "Neighbours whose routes continue each other are one."
TEST(Layout, MergesNeighboursThatContinueEachOther) {
  struct Row {
    const char* why;
    Routes first, second;  // at 10000 and 11000
    bool one;
  };
  const Row rows[] = {
      {"RAM that runs on", ram_routes(0x5000), ram_routes(0x6000), true},
      {"RAM that jumps", ram_routes(0x5000), ram_routes(0x7000), false},
      {"the same page twice", ram_routes(0x5000), ram_routes(0x5000), false},
      {"read-only that runs on", read_only_ram_routes(0x5000), read_only_ram_routes(0x6000), true},
      {"another write route", ram_routes(0x5000), read_only_ram_routes(0x6000), false},
      {"ROM after RAM", ram_routes(0x5000), rom_routes(0x6000), false},
      {"bus", bus_routes(), bus_routes(), true},
      {"only fetch differs",
       {Route::ram(0), Route::drop(), Route::ram(0)},
       {Route::ram(0x1000), Route::drop(), Route::bus()},
       false},
  };
  for (const Row& row : rows) {
    const Region parts[] = {{{0x10000, 0x11000}, row.first}, {{0x11000, 0x12000}, row.second}};
    const Layout layout(GpaRange(0x10000, 0x12000), parts);
    EXPECT_EQ(layout.regions().size(), row.one ? 1u : 2u) << row.why;
    EXPECT_EQ(layout.find(0x11000), row.second) << row.why;
  }
}

// "Two layouts are equal exactly when they mean the same."
TEST(Layout, IsEqualWhenItMeansTheSame) {
  const Region whole[] = {ram(0x11000, 0x15000, 0x1000)};
  const Region parts[] = {ram(0x11000, 0x12000, 0x1000), ram(0x12000, 0x12000, 0x9000),
                          ram(0x12000, 0x15000, 0x2000), bus(0x15000, 0x16000)};
  const Region other[] = {ram(0x11000, 0x15000, 0x2000)};
  EXPECT_EQ(Layout(kWindow, whole), Layout(kWindow, parts));
  EXPECT_NE(Layout(kWindow, whole), Layout(kWindow, other));
  EXPECT_NE(Layout(kWindow), Layout(GpaRange(0x10000, 0x21000)));
  const Layout layout(kWindow, whole);
  const Layout copy = layout;
  EXPECT_TRUE(copy.shares_regions_with(layout));
  EXPECT_FALSE(Layout(kWindow, whole).shares_regions_with(layout));
}

TEST(Layout, FindsThePageThatHoldsAnAddress) {
  const Region parts[] = {ram(0x12000, 0x15000, 0x7000)};
  const Layout layout(kWindow, parts);
  struct Row {
    Gpa gpa;
    Routes routes;
  };
  const Row rows[] = {
      {0x00000, bus_routes()},       {0x0ffff, bus_routes()},       {0x10000, bus_routes()},
      {0x11fff, bus_routes()},       {0x12000, ram_routes(0x7000)}, {0x12fff, ram_routes(0x7000)},
      {0x13000, ram_routes(0x8000)}, {0x14fff, ram_routes(0x9000)}, {0x15000, bus_routes()},
      {0x1ffff, bus_routes()},       {0x20000, bus_routes()},       {~0ull, bus_routes()},
  };
  for (const Row& row : rows) EXPECT_EQ(layout.find(row.gpa), row.routes) << std::hex << row.gpa;
}

// "Overrides laid over it; parts outside the window are left out."
TEST(Layout, LaysOverridesOver) {
  const Region below[] = {ram(0x10000, 0x20000, 0)};
  const Layout base(kWindow, below);
  const Region overrides[] = {ram(0x0e000, 0x11000, 0x80000), ram(0x12000, 0x13000, 0x90000),
                              ram(0x13000, 0x14000, 0x3000),  // what lies there anyhow
                              ram(0x1f000, 0x21000, 0xa0000), ram(0x30000, 0x31000, 0xb0000)};
  EXPECT_THAT(regions(base.overlaid(overrides)),
              ElementsAre(ram(0x10000, 0x11000, 0x82000), ram(0x11000, 0x12000, 0x1000),
                          ram(0x12000, 0x13000, 0x90000), ram(0x13000, 0x1f000, 0x3000),
                          ram(0x1f000, 0x20000, 0xa0000)));
  EXPECT_EQ(base.overlaid({}), base);
  const Region all[] = {bus(0, 0x100000)};
  EXPECT_EQ(base.overlaid(all), Layout(kWindow));
}

TEST(Layout, DiffersByTheParts) {
  const Region before_parts[] = {ram(0x10000, 0x14000, 0)};
  const Region after_parts[] = {ram(0x10000, 0x11000, 0), ram(0x12000, 0x13000, 0x2000),
                                ram(0x13000, 0x15000, 0)};
  const Layout before(kWindow, before_parts), after(kWindow, after_parts);
  EXPECT_THAT(diff(before, after),
              ElementsAre(LayoutChange{{0x11000, 0x12000}, ram_routes(0x1000), bus_routes()},
                          LayoutChange{{0x13000, 0x14000}, ram_routes(0x3000), ram_routes(0)},
                          LayoutChange{{0x14000, 0x15000}, bus_routes(), ram_routes(0x1000)}));
  EXPECT_THAT(diff(before, before), IsEmpty());
  EXPECT_THAT(diff(before, Layout(kWindow, before_parts)), IsEmpty());
}

TEST(MemoryMap, SharesItsRegionsWhenUniform) {
  const MemoryMap map = MemoryMap::uniform(Layout(kWindow));
  EXPECT_TRUE(map.cpu_smm.shares_regions_with(map.cpu));
  EXPECT_TRUE(map.bus_master.shares_regions_with(map.cpu));
}

TEST(LayoutDeathTest, AbortsOnAMistakeOfTheProgram) {
  const Region overlapping[] = {ram(0x11000, 0x13000, 0), ram(0x12000, 0x14000, 0)};
  const Region unsorted[] = {ram(0x13000, 0x14000, 0), ram(0x11000, 0x12000, 0)};
  const Region outside[] = {ram(0x1f000, 0x21000, 0)};
  EXPECT_DEATH(Layout(kWindow, overlapping), "sorted, without overlap");
  EXPECT_DEATH(Layout(kWindow, unsorted), "sorted, without overlap");
  EXPECT_DEATH(Layout(kWindow, outside), "within the window");
  EXPECT_DEATH(Layout(kWindow).overlaid(overlapping), "sorted, without overlap");
  EXPECT_DEATH(diff(Layout(kWindow), Layout(GpaRange(0, 0x1000))), "layouts of one window");
  EXPECT_DEATH(Route::ram(0x123), "page-aligned");
}

}  // namespace
}  // namespace lowmeg::memory
