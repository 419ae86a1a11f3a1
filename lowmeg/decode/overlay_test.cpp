#include "lowmeg/decode/overlay.hpp"

#include <gtest/gtest.h>

namespace lowmeg::decode {
namespace {

using memory::Layout;
using memory::ram_routes;
using memory::Region;
using memory::Route;
using memory::Routes;

constexpr GpaRange kSmall{0, 0x10000};

Layout layout(std::initializer_list<Region> regions) {
  return Layout(kSmall, std::span(regions.begin(), regions.size()));
}

TEST(Overlay, WithoutLayersIsTheLowest) {
  const Layout lowest = layout({{{0x1000, 0x3000}, ram_routes(0x7000)}});
  EXPECT_EQ(Overlay(lowest).layout(), lowest);
}

TEST(Overlay, LaterLayersHide) {
  Overlay map(layout({{kSmall, ram_routes(0)}}));
  map.lay({0x2000, 0x6000}, ram_routes(0x20000));
  map.lay({0x4000, 0x8000}, ram_routes(0x30000));
  map.lay({0x5000, 0x5000}, ram_routes(0x40000));  // empty: nothing
  map.lay({0xf000, 0x10000}, ram_routes(0x50000));
  EXPECT_EQ(map.layout(), layout({{{0, 0x2000}, ram_routes(0)},
                                  {{0x2000, 0x4000}, ram_routes(0x20000)},
                                  {{0x4000, 0x8000}, ram_routes(0x30000)},
                                  {{0x8000, 0xf000}, ram_routes(0x8000)},
                                  {{0xf000, 0x10000}, ram_routes(0x50000)}}));
}

TEST(Overlay, ReplacesOnlyTheRoutesOfItsAccesses) {
  struct Row {
    Accesses accesses;
    Routes expected;
  };
  const Route low = Route::ram(0x1000), high = Route::ram(0x8000);
  const Row rows[] = {
      {Accesses::kNone, {low, low, low}},   {Accesses::kRead, {high, low, low}},
      {Accesses::kWrite, {low, high, low}}, {Accesses::kFetch, {low, low, high}},
      {Accesses::kAll, {high, high, high}},
  };
  for (const Row& row : rows) {
    Overlay map(layout({{kSmall, ram_routes(0)}}));
    map.lay({0x1000, 0x2000}, ram_routes(0x8000), row.accesses);
    EXPECT_EQ(map.layout().find(0x1000), row.expected);
    EXPECT_EQ(map.layout().find(0x2000), ram_routes(0x2000));
  }
}

TEST(Overlay, LaysWhatALayoutHasAtTheSamePlaceOrAtAnother) {
  const Layout source =
      layout({{{0x1000, 0x3000}, ram_routes(0x20000)}, {{0x3000, 0x4000}, memory::open_routes()}});
  Overlay map(layout({{kSmall, ram_routes(0)}}));
  map.lay({0x2000, 0x5000}, source);
  map.lay({0x8000, 0xa000}, source, 0x2000);
  EXPECT_EQ(map.layout(), layout({{{0, 0x2000}, ram_routes(0)},
                                  {{0x2000, 0x3000}, ram_routes(0x21000)},
                                  {{0x3000, 0x4000}, memory::open_routes()},
                                  {{0x4000, 0x5000}, memory::bus_routes()},
                                  {{0x5000, 0x8000}, ram_routes(0x5000)},
                                  {{0x8000, 0x9000}, ram_routes(0x21000)},
                                  {{0x9000, 0xa000}, memory::open_routes()},
                                  {{0xa000, 0x10000}, ram_routes(0xa000)}}));
}

}  // namespace
}  // namespace lowmeg::decode
