#include "lowmeg/get/range_slots.hpp"

#include <gtest/gtest.h>

namespace lowmeg::get {
namespace {

using enum wire::CreateStatus;
using memory::Layout;
using memory::MemoryMap;
using memory::Region;

constexpr std::uint64_t kRamSize = 0x200000;
constexpr HostLimits kLimits{.slots = 16, .window = GpaRange(0xc0000, 0x100000), .ram_size = kRamSize};

// "0 SUCCESS, 1 SLOT_OUT_OF_BOUNDS, 2 SLOT_OCCUPIED (must be reset first), 3 INVALID_FLAG, 4 INVALID_GPA, 5
// FAILED." Slot 3 holds D0000-D3FFF. FAILED is the host's word when the mapper fails, never the table's.
TEST(RangeSlots, AnswersEachRequestWithItsStatus) {
  struct Row {
    const char* what;
    CreateRamGpaRange request;
    CreateStatus status;
  };
  constexpr std::uint64_t kMax = ~0ull;
  const Row rows[] = {
      {"a segment", {1, 0xc0000, 0x4000, 0x1c0000, 2}, kSuccess},
      {"read-write", {1, 0xc0000, 0x4000, 0x1c0000, 0}, kSuccess},
      {"the last slot", {15, 0xc0000, 0x4000, 0, 2}, kSuccess},
      {"the whole window before the neighbour", {0, 0xc0000, 0x10000, 0, 2}, kSuccess},
      {"the end of the window", {0, 0xff000, 0x1000, 0, 2}, kSuccess},
      {"the last page of RAM", {0, 0xc0000, 0x1000, kRamSize - 0x1000, 2}, kSuccess},
      {"itself", {0, 0xc0000, 0x4000, 0xc0000, 2}, kSuccess},
      {"right before the neighbour", {0, 0xcf000, 0x1000, 0, 2}, kSuccess},
      {"right after the neighbour", {0, 0xd4000, 0x1000, 0, 2}, kSuccess},

      {"one slot too far", {16, 0xc0000, 0x4000, 0, 2}, kSlotOutOfBounds},
      {"no slot at all", {0xffffffff, 0xc0000, 0x4000, 0, 2}, kSlotOutOfBounds},
      {"out of bounds comes first", {16, 1, 0, kMax, kMax}, kSlotOutOfBounds},
      {"taken", {3, 0xc0000, 0x4000, 0, 2}, kSlotOccupied},
      {"taken comes before the flags", {3, 1, 0, kMax, kMax}, kSlotOccupied},
      {"bit 0", {0, 0xc0000, 0x4000, 0, 1}, kInvalidFlag},
      {"bit 2", {0, 0xc0000, 0x4000, 0, 4}, kInvalidFlag},
      {"bit 63", {0, 0xc0000, 0x4000, 0, 1ull << 63 | 2}, kInvalidFlag},
      {"flags come before the range", {0, 1, 0, kMax, 8}, kInvalidFlag},

      {"nothing", {0, 0xc0000, 0, 0, 2}, kInvalidGpa},
      {"misaligned start", {0, 0xc0001, 0x4000, 0, 2}, kInvalidGpa},
      {"misaligned count", {0, 0xc0000, 0x3fff, 0, 2}, kInvalidGpa},
      {"misaligned both, the end aligned", {0, 0xc0800, 0x800, 0, 2}, kInvalidGpa},
      {"misaligned offset", {0, 0xc0000, 0x4000, 0x10, 2}, kInvalidGpa},
      {"before the window", {0, 0xbf000, 0x1000, 0, 2}, kInvalidGpa},
      {"across its start", {0, 0xbf000, 0x2000, 0, 2}, kInvalidGpa},
      {"across its end", {0, 0xff000, 0x2000, 0, 2}, kInvalidGpa},
      {"after it", {0, 0x100000, 0x1000, 0, 2}, kInvalidGpa},
      {"wraps to before the start", {0, 0xc0000, 0xfffffffffff41000, 0, 2}, kInvalidGpa},
      {"wraps to 0", {0, 0xfffffffffffff000, 0x1000, 0, 2}, kInvalidGpa},
      {"wraps into the window", {0, 0xfffffffffffff000, 0xe1000, 0, 2}, kInvalidGpa},
      {"offset past RAM", {0, 0xc0000, 0x1000, kRamSize, 2}, kInvalidGpa},
      {"offset runs out of RAM", {0, 0xc0000, 0x2000, kRamSize - 0x1000, 2}, kInvalidGpa},
      {"offset wraps", {0, 0xc0000, 0x2000, 0xfffffffffffff000, 2}, kInvalidGpa},
      {"over the neighbour", {0, 0xd0000, 0x4000, 0, 2}, kInvalidGpa},
      {"within the neighbour", {0, 0xd1000, 0x1000, 0, 2}, kInvalidGpa},
      {"around the neighbour", {0, 0xc0000, 0x20000, 0, 2}, kInvalidGpa},
      {"one page of the neighbour's start", {0, 0xcf000, 0x2000, 0, 2}, kInvalidGpa},
      {"one page of the neighbour's end", {0, 0xd3000, 0x2000, 0, 2}, kInvalidGpa},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    RangeSlots table(kLimits);
    ASSERT_EQ(table.create({3, 0xd0000, 0x4000, 0xd0000, 2}), kSuccess);
    const RangeSlots before = table;
    EXPECT_EQ(table.create(row.request), row.status);
    if (row.status != kSuccess) {
      EXPECT_EQ(table, before) << "nothing changed";
    } else {
      const auto& [slot, start, count, offset, flags] = row.request;
      EXPECT_EQ(table.slot(slot), (RangeSlots::Slot{GpaRange(start, start + count), offset, flags == 2}));
      EXPECT_NE(table, before);
    }
  }
}

// The ranges of a host without RAM, or with less than the count, find nothing behind them.
TEST(RangeSlots, NeedsRam) {
  RangeSlots none({.slots = 1, .ram_size = 0});
  EXPECT_EQ(none.create({0, 0xc0000, 0x1000, 0, 2}), kInvalidGpa);
  RangeSlots little({.slots = 1, .ram_size = 0x1000});
  EXPECT_EQ(little.create({0, 0xc0000, 0x2000, 0, 2}), kInvalidGpa);
  EXPECT_EQ(little.create({0, 0xc0000, 0x1000, 0, 2}), kSuccess);
}

// "RESET cannot fail": a slot that is empty or does not exist stays so.
TEST(RangeSlots, ResetsAnySlot) {
  RangeSlots table(kLimits);
  const RangeSlots empty = table;
  ASSERT_EQ(table.create({3, 0xd0000, 0x4000, 0, 2}), kSuccess);
  const RangeSlots filled = table;
  for (const std::uint32_t slot : {0u, 2u, 15u, 16u, 31u, 32u, 35u, 64u, 67u, 0xffffffffu}) table.reset(slot);
  EXPECT_EQ(table, filled);
  table.reset(3);
  EXPECT_EQ(table, empty) << "what a slot held before does not count";
  EXPECT_EQ(table.slot(3), std::nullopt);
  EXPECT_EQ(table.create({4, 0xd0000, 0x4000, 0, 2}), kSuccess) << "its range is free";
}

TEST(RangeSlots, FindsTheSlotAtAnAddress) {
  RangeSlots table(kLimits);
  ASSERT_EQ(table.create({9, 0xd0000, 0x4000, 0, 2}), kSuccess);
  ASSERT_EQ(table.create({2, 0xd4000, 0x1000, 0, 0}), kSuccess);
  EXPECT_EQ(table.slot_at(0xcffff), std::nullopt);
  EXPECT_EQ(table.slot_at(0xd0000), 9u);
  EXPECT_EQ(table.slot_at(0xd3fff), 9u);
  EXPECT_EQ(table.slot_at(0xd4000), 2u);
  EXPECT_EQ(table.slot_at(0xd5000), std::nullopt);
  EXPECT_EQ(table.size(), 16u);
}

TEST(RangeSlotsDeathTest, AbortsOnMoreSlotsThanItHolds) {
  EXPECT_DEATH(RangeSlots({.slots = RangeSlots::kCapacity + 1}), "no more slots");
}

constexpr GpaRange kMapWindow{0, 0x200000};
Layout ram_layout() {
  const Region ram{kMapWindow, memory::ram_routes(0)};
  return Layout(kMapWindow, {&ram, 1});
}

// "RAM from another address, possibly read-only, in place of what lies at the range", whatever the slots'
// order.
TEST(RangeSlots, LaysItsRangesOverTheBase) {
  RangeSlots table(kLimits);
  ASSERT_EQ(table.create({0, 0xf0000, 0x10000, 0x1f0000, 2}), kSuccess);
  ASSERT_EQ(table.create({1, 0xc0000, 0x4000, 0x1c0000, 0}), kSuccess);
  ASSERT_EQ(table.create({2, 0xc4000, 0x4000, 0xc4000, 2}), kSuccess);
  const MemoryMap map = table.overlaid(MemoryMap::uniform(ram_layout()));
  struct Row {
    Gpa gpa;
    memory::Routes routes;
  };
  const Row rows[] = {
      {0xbf000, memory::ram_routes(0xbf000)},
      {0xc0000, memory::ram_routes(0x1c0000)},
      {0xc3000, memory::ram_routes(0x1c3000)},
      {0xc4000, memory::read_only_ram_routes(0xc4000)},
      {0xc8000, memory::ram_routes(0xc8000)},
      {0xef000, memory::ram_routes(0xef000)},
      {0xf0000, memory::read_only_ram_routes(0x1f0000)},
      {0xff000, memory::read_only_ram_routes(0x1ff000)},
      {0x100000, memory::ram_routes(0x100000)},
  };
  for (const Row& row : rows) EXPECT_EQ(map.cpu.find(row.gpa), row.routes) << std::hex << row.gpa;
  EXPECT_TRUE(map.cpu_smm.shares_regions_with(map.cpu));
  EXPECT_TRUE(map.bus_master.shares_regions_with(map.cpu));
  EXPECT_EQ(RangeSlots(kLimits).overlaid(map), map) << "no range: the base";
}

// "In each view": views of their own keep what they have elsewhere.
TEST(RangeSlots, LaysItsRangesOverEachView) {
  RangeSlots table(kLimits);
  ASSERT_EQ(table.create({0, 0xd0000, 0x4000, 0, 2}), kSuccess);
  const Region smm_ram{{0xa0000, 0xc0000}, memory::ram_routes(0xa0000)};
  const MemoryMap base{ram_layout(), Layout(kMapWindow, {&smm_ram, 1}), Layout(kMapWindow)};
  const MemoryMap map = table.overlaid(base);
  for (const Layout* view : {&map.cpu, &map.cpu_smm, &map.bus_master}) {
    EXPECT_EQ(view->find(0xd3000), memory::read_only_ram_routes(0x3000));
  }
  EXPECT_EQ(map.cpu.find(0xe0000), memory::ram_routes(0xe0000));
  EXPECT_EQ(map.cpu_smm.find(0xa0000), memory::ram_routes(0xa0000));
  EXPECT_EQ(map.cpu_smm.find(0xe0000), memory::bus_routes());
  EXPECT_EQ(map.bus_master.find(0xa0000), memory::bus_routes());
}

}  // namespace
}  // namespace lowmeg::get
