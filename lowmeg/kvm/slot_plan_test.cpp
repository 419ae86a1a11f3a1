#include "lowmeg/kvm/slot_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::Region;
using memory::Route;
using memory::Routes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr GpaRange kWindow{0xc0000, 0x100000};

std::string text(const Operation& operation) {
  const auto kind = [](SlotKind value) { return value == SlotKind::kReadOnly ? "ro" : "rw"; };
  if (const auto* gone = std::get_if<DeleteSlot>(&operation)) {
    return fmt::format("delete {} {:x}-{:x}", gone->slot.index, gone->slot.range.start(),
                       gone->slot.range.end());
  }
  if (const auto* added = std::get_if<CreateSlot>(&operation)) {
    return fmt::format("create {} {:x}-{:x} {}", added->slot.index, added->slot.range.start(),
                       added->slot.range.end(), kind(added->slot.kind));
  }
  const MappedBytes& bytes = std::get<SwapBytes>(operation).bytes;
  constexpr const char* kNames[] = {"bus", "drop", "open", "ram", "rom"};
  return fmt::format("swap {:x}-{:x} {} {:x}", bytes.range.start(), bytes.range.end(),
                     kNames[static_cast<std::size_t>(bytes.bytes.target())], bytes.bytes.offset());
}

std::vector<std::string> texts(const std::vector<Operation>& operations) {
  std::vector<std::string> result;
  for (const Operation& operation : operations) result.push_back(text(operation));
  return result;
}

class SlotPlan : public testing::Test {
 protected:
  // Plans the way to `regions`, goes it, and says which it was.
  std::vector<std::string> go(std::vector<Region> regions) {
    const Layout layout(rules_.window, regions);
    const auto wanted = placements(layout, rules_.window);
    if (!wanted) return {wanted.error().what};
    const auto operations = plan(table_, *wanted, rules_);
    if (!operations) return {operations.error().what};
    for (const Operation& operation : *operations) table_.apply(operation);
    return texts(*operations);
  }

  PlanRules rules_{kWindow, {0xe0000}, 16};
  SlotTable table_{kWindow};
};

constexpr Region ram(Gpa start, Gpa end) {
  return {{start, end}, memory::ram_routes(start)};
}
constexpr Region read_only(Gpa start, Gpa end) {
  return {{start, end}, memory::read_only_ram_routes(start)};
}
constexpr Region rom(Gpa start, Gpa end) {
  return {{start, end}, memory::rom_routes(start - 0xc0000)};
}

// "Adjacent segments with the same kind share one slot", whatever lies under them.
TEST_F(SlotPlan, NeighboursOfOneKindShareASlot) {
  EXPECT_THAT(go({rom(0xc0000, 0xc8000), read_only(0xc8000, 0xd0000), ram(0xd0000, 0xd8000)}),
              ElementsAre("swap c0000-c8000 rom 0", "swap c8000-d8000 ram c8000", "create 0 c0000-d0000 ro",
                          "create 1 d0000-d8000 rw"));
  EXPECT_THAT(go({rom(0xc0000, 0xc8000), read_only(0xc8000, 0xd0000), ram(0xd0000, 0xd8000)}), IsEmpty());
}

TEST_F(SlotPlan, NoSlotCrossesACut) {
  EXPECT_THAT(go({ram(0xd0000, 0xf0000)}), ElementsAre("swap d0000-f0000 ram d0000",
                                                       "create 0 d0000-e0000 rw", "create 1 e0000-f0000 rw"));
}

// ROM, read-only RAM and write-only "differ only in which bytes lie under them": one mmap, no ioctl.
TEST_F(SlotPlan, ChangesBytesWithoutTouchingASlot) {
  go({rom(0xc0000, 0xd0000)});
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), read_only(0xc4000, 0xc8000), rom(0xc8000, 0xd0000)}),
              ElementsAre("swap c4000-c8000 ram c4000"));
  const Routes write_only{Route::rom(0x4000), Route::ram(0xc4000), Route::rom(0x4000)};
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), {{0xc4000, 0xc8000}, write_only}, rom(0xc8000, 0xd0000)}),
              ElementsAre("swap c4000-c8000 rom 4000"));
  EXPECT_THAT(go({rom(0xc0000, 0xd0000)}), IsEmpty()) << "only the write route differs";
}

// "changing READONLY, userspace_addr or size of a live slot: EINVAL": what is left of it is made anew.
TEST_F(SlotPlan, SplitsASlotByDeletingIt) {
  go({rom(0xc0000, 0xd0000)});
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), rom(0xc8000, 0xd0000)}),
              ElementsAre("delete 0 c0000-d0000", "swap c4000-c8000 ram c4000", "create 0 c0000-c4000 ro",
                          "create 1 c4000-c8000 rw", "create 2 c8000-d0000 ro"));
  // And back: the neighbours stay as they are, for joining them would cost two calls more.
  EXPECT_THAT(go({rom(0xc0000, 0xd0000)}),
              ElementsAre("delete 1 c4000-c8000", "swap c4000-c8000 rom 4000", "create 1 c4000-c8000 ro"));
}

// What was mapped stays mapped when its slot goes, and need not be mapped again.
TEST_F(SlotPlan, KeepsTheBytesOfASlotThatGoes) {
  go({ram(0xc0000, 0xc4000)});
  EXPECT_THAT(go({}), ElementsAre("delete 0 c0000-c4000"));
  EXPECT_THAT(go({ram(0xc0000, 0xc4000)}), ElementsAre("create 0 c0000-c4000 rw"));
  table_.forget({0xc1000, 0xc2000});
  EXPECT_THAT(go({ram(0xc0000, 0xc4000)}), ElementsAre("swap c1000-c2000 ram c1000"))
      << "after a failed mapping nothing is known";
}

TEST_F(SlotPlan, OpenPagesAreOneMapping) {
  EXPECT_THAT(go({{{0xc0000, 0x100000}, memory::open_routes()}}),
              ElementsAre("swap c0000-100000 open 0", "create 0 c0000-e0000 ro", "create 1 e0000-100000 ro"));
}

// "open ... elsewhere every access exits".
TEST_F(SlotPlan, OpenPagesOutsideTheFirstMegabyteHaveNoSlot) {
  rules_ = {{0x80000, 0x140000}, {}, 16};
  table_ = SlotTable(rules_.window);
  EXPECT_THAT(go({{rules_.window, memory::open_routes()}}),
              ElementsAre("swap a0000-100000 open 0", "create 0 a0000-100000 ro"));
}

TEST_F(SlotPlan, OnlyTheWindowCounts) {
  const std::vector<Region> regions{ram(0, 0xc4000), rom(0xfc000, 0x100000), ram(0x100000, 0x4000000)};
  const auto wanted = placements(Layout({0, 1ull << 32}, regions), kWindow).value();
  EXPECT_THAT(wanted,
              ElementsAre(Placement{SlotKind::kReadWrite, {{0xc0000, 0xc4000}, Route::ram(0xc0000)}},
                          Placement{SlotKind::kReadOnly, {{0xfc000, 0x100000}, Route::rom(0x3c000)}}));
}

TEST_F(SlotPlan, BusReadsHaveNoSlotWhereverWritesGo) {
  EXPECT_THAT(go({{{0xc0000, 0xc4000}, {Route::bus(), Route::ram(0xc0000), Route::bus()}}}), IsEmpty());
}

// RAM that is written elsewhere than it is read is not memory to KVM.
TEST_F(SlotPlan, WritesThatGoElsewhereNeedAReadOnlySlot) {
  EXPECT_THAT(go({{{0xc0000, 0xc4000}, {Route::ram(0), Route::ram(0x8000), Route::ram(0)}}}),
              ElementsAre("swap c0000-c4000 ram 0", "create 0 c0000-c4000 ro"));
}

TEST_F(SlotPlan, RefusesAFetchFromElsewhere) {
  EXPECT_THAT(go({{{0xc0000, 0xc4000}, {Route::bus(), Route::bus(), Route::ram(0)}}}),
              ElementsAre("KVM cannot fetch from elsewhere than it reads: 0xc0000-0xc3fff"));
}

// Joined neighbours are the way out when ids run short; when that is not enough, it says so.
TEST_F(SlotPlan, JoinsSlotsWhenTheyWouldBeTooMany) {
  rules_.slot_count = 3;
  go({rom(0xc0000, 0xd0000)});
  go({rom(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), rom(0xc8000, 0xd0000)});
  EXPECT_THAT(go({rom(0xc0000, 0xd0000), ram(0xd0000, 0xd4000)}),
              ElementsAre("delete 0 c0000-c4000", "delete 1 c4000-c8000", "delete 2 c8000-d0000",
                          "swap c4000-c8000 rom 4000", "swap d0000-d4000 ram d0000",
                          "create 0 c0000-d0000 ro", "create 1 d0000-d4000 rw"));
  EXPECT_THAT(
      go({rom(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), rom(0xc8000, 0xcc000), ram(0xcc000, 0xd0000)}),
      ElementsAre("the map takes 4 KVM slots; the mapper owns 3"));
}

}  // namespace
}  // namespace lowmeg::kvm
