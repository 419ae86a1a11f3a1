#include "lowmeg/memory/claims.hpp"

#include <gtest/gtest.h>

namespace lowmeg::memory {
namespace {

constexpr GpaRange kWholeWindow{0, 1ull << 32};

Routes rom(std::uint64_t offset) {
  return {Route::rom(offset), Route::drop(), Route::rom(offset)};
}

// A bus on which nobody is, but for other bytes from D1000 on.
Layout bus() {
  const Region rows[] = {{{0, 0xd1000}, open_routes()},
                         {{0xd1000, 0xd2000}, rom(0x100000)},
                         {{0xd2000, kWholeWindow.end()}, open_routes()}};
  return Layout(kWholeWindow, rows);
}

struct ClaimRow {
  const char* name;
  std::vector<Claim> claims;
  std::vector<Region> shown;  // laid over bus()
};

const ClaimRow kRows[] = {
    {"none", {}, {}},
    {"of no size", {{0xd0000, 0}}, {}},
    {"pages", {{0xd0000, 0x1000}, {0xd3000, 0x2000}}, {{{0xd0000, 0xd1000}, {}}, {{0xd3000, 0xd5000}, {}}}},
    {"bytes in place", {{0xd0000, 0x3000, rom(0x8000)}}, {{{0xd0000, 0xd3000}, rom(0x8000)}}},
    // "A page that devices share, or that one does not fill, goes to the bus."
    {"less than a page", {{0xd1010, 0x10}}, {{{0xd1000, 0xd2000}, {}}}},
    {"bytes of less than a page", {{0xd0000, 0x800, rom(0)}}, {{{0xd0000, 0xd1000}, {}}}},
    {"bytes and a part of a page",
     {{0xd0000, 0x1800, rom(0)}},
     {{{0xd0000, 0xd1000}, rom(0)}, {{0xd1000, 0xd2000}, {}}}},
    {"bytes that begin off a page", {{0xd0800, 0x2000, rom(0)}}, {{{0xd0000, 0xd3000}, {}}}},
    {"across a boundary of pages", {{0xd0ff0, 0x20}}, {{{0xd0000, 0xd2000}, {}}}},
    // "The first of them on top."
    {"the first wins",
     {{0xd0000, 0x1000, rom(0)}, {0xd0000, 0x3000, rom(0x8000)}},
     {{{0xd0000, 0xd1000}, rom(0)}, {{0xd1000, 0xd3000}, rom(0x9000)}}},
    {"the first has a part of the second's page",
     {{0xd0800, 0x10}, {0xd0000, 0x2000, rom(0)}},
     {{{0xd0000, 0xd1000}, {}}, {{0xd1000, 0xd2000}, rom(0x1000)}}},
    {"the second has a part of the first's page",
     {{0xd0000, 0x2000, rom(0)}, {0xd0800, 0x10}},
     {{{0xd0000, 0xd2000}, rom(0)}}},
    // "What lies outside the window is left out."
    {"above the window", {{1ull << 32, 0x10000}}, {}},
    {"over the window's end", {{0xfffff000, 0x10000, rom(0)}}, {{{0xfffff000, 0x100000000}, rom(0)}}},
    {"past 2^64", {{0xfffff800, ~std::uint64_t{0}}}, {{{0xfffff000, 0x100000000}, {}}}},
};

TEST(Claims, LieOverTheBus) {
  for (const ClaimRow& row : kRows)
    EXPECT_EQ(with_claims(bus(), row.claims), bus().overlaid(row.shown)) << row.name;
}

TEST(Claims, BeginBelowTheWindow) {
  const Layout high{GpaRange(0x100000, 0x200000)};
  const Claim claim{0xff000, 0x3000, rom(0)};
  EXPECT_EQ(with_claims(high, {&claim, 1}).find(0x100000), rom(0x1000));
  EXPECT_EQ(with_claims(high, {&claim, 1}).find(0x102000), bus_routes());
}

}  // namespace
}  // namespace lowmeg::memory
