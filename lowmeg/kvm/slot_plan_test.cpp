#include "lowmeg/kvm/slot_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowmeg/kvm/mapping_plan.hpp"

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
  constexpr const char* kAccess[] = {"none", "ro", "rw"};
  if (const auto* change = std::get_if<SetAccess>(&operation)) {
    return fmt::format("protect {:x}-{:x} {}", change->range.start(), change->range.end(),
                       kAccess[static_cast<std::size_t>(change->access)]);
  }
  const auto& map = std::get<MapBytes>(operation);
  constexpr const char* kNames[] = {"bus", "drop", "open", "ram", "rom"};
  return fmt::format("map {:x}-{:x} {} {:x} {}", map.range.start(), map.range.end(),
                     kNames[static_cast<std::size_t>(map.bytes.target())], map.bytes.offset(),
                     kAccess[static_cast<std::size_t>(map.access)]);
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
    const Layout layout(window_, regions);
    const auto wanted = placements(layout, {window_, way_, demoted_});
    if (!wanted) return {wanted.error().what};
    const auto operations = plan(table_, *wanted, rules_);
    if (!operations) return {operations.error().what};
    for (const Operation& operation : *operations) table_.apply(operation);
    return texts(*operations);
  }

  GpaRange window_ = kWindow;
  MapWay way_ = MapWay::kSlots;
  std::vector<GpaRange> demoted_;
  PlanRules rules_{{0xe0000}, 16};
  SlotTable table_{kWindow};
};
class ProtectPlan : public SlotPlan {
 protected:
  ProtectPlan() { way_ = MapWay::kProtect; }
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
              ElementsAre("map c0000-c8000 rom 0 ro", "map c8000-d8000 ram c8000 rw",
                          "create 0 c0000-d0000 ro", "create 1 d0000-d8000 rw"));
  EXPECT_THAT(go({rom(0xc0000, 0xc8000), read_only(0xc8000, 0xd0000), ram(0xd0000, 0xd8000)}), IsEmpty());
}

TEST_F(SlotPlan, NoSlotCrossesACut) {
  EXPECT_THAT(go({ram(0xd0000, 0xf0000)}), ElementsAre("map d0000-f0000 ram d0000 rw",
                                                       "create 0 d0000-e0000 rw", "create 1 e0000-f0000 rw"));
}

// ROM, read-only RAM and write-only "differ only in which bytes lie under them": one mmap, no ioctl.
TEST_F(SlotPlan, ChangesBytesWithoutTouchingASlot) {
  go({rom(0xc0000, 0xd0000)});
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), read_only(0xc4000, 0xc8000), rom(0xc8000, 0xd0000)}),
              ElementsAre("map c4000-c8000 ram c4000 rw"));
  const Routes write_only{Route::rom(0x4000), Route::ram(0xc4000), Route::rom(0x4000)};
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), {{0xc4000, 0xc8000}, write_only}, rom(0xc8000, 0xd0000)}),
              ElementsAre("map c4000-c8000 rom 4000 ro"));
  EXPECT_THAT(go({rom(0xc0000, 0xd0000)}), IsEmpty()) << "only the write route differs";
}

// "changing READONLY, userspace_addr or size of a live slot: EINVAL": what is left of it is made anew.
TEST_F(SlotPlan, SplitsASlotByDeletingIt) {
  go({rom(0xc0000, 0xd0000)});
  EXPECT_THAT(go({rom(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), rom(0xc8000, 0xd0000)}),
              ElementsAre("delete 0 c0000-d0000", "map c4000-c8000 ram c4000 rw", "create 0 c0000-c4000 ro",
                          "create 1 c4000-c8000 rw", "create 2 c8000-d0000 ro"));
  // And back: the neighbours stay as they are, for joining them would cost two calls more.
  EXPECT_THAT(go({rom(0xc0000, 0xd0000)}),
              ElementsAre("delete 1 c4000-c8000", "map c4000-c8000 rom 4000 ro", "create 1 c4000-c8000 ro"));
}

// What was mapped stays mapped when its slot goes, and need not be mapped again.
TEST_F(SlotPlan, KeepsTheBytesOfASlotThatGoes) {
  go({ram(0xc0000, 0xc4000)});
  EXPECT_THAT(go({}), ElementsAre("delete 0 c0000-c4000"));
  EXPECT_THAT(go({ram(0xc0000, 0xc4000)}), ElementsAre("create 0 c0000-c4000 rw"));
  table_.note_failure(MapBytes{{0xc1000, 0xc2000}, Route::open()});
  EXPECT_THAT(go({ram(0xc0000, 0xc4000)}), ElementsAre("map c1000-c2000 ram c1000 rw"))
      << "after a failed mapping nothing is known";
}

TEST_F(SlotPlan, OpenPagesAreOneMapping) {
  EXPECT_THAT(
      go({{{0xc0000, 0x100000}, memory::open_routes()}}),
      ElementsAre("map c0000-100000 open 0 ro", "create 0 c0000-e0000 ro", "create 1 e0000-100000 ro"));
}

// "open ... elsewhere every access exits".
TEST_F(SlotPlan, OpenPagesOutsideTheFirstMegabyteHaveNoSlot) {
  window_ = GpaRange(0x80000, 0x140000);
  rules_ = {{}, 16};
  table_ = SlotTable(window_);
  EXPECT_THAT(go({{window_, memory::open_routes()}}),
              ElementsAre("map a0000-100000 open 0 ro", "create 0 a0000-100000 ro"));
}

TEST_F(SlotPlan, OnlyTheWindowCounts) {
  const std::vector<Region> regions{ram(0, 0xc4000), rom(0xfc000, 0x100000), ram(0x100000, 0x4000000)};
  const auto wanted = placements(Layout({0, 1ull << 32}, regions), {kWindow, MapWay::kSlots, {}}).value();
  EXPECT_THAT(
      wanted,
      ElementsAre(
          Placement{{0xc0000, 0xc4000},
                    SlotNeed::kReadWrite,
                    Route::ram(0xc0000),
                    Access::kReadWrite,
                    MapWay::kSlots},
          Placement{
              {0xfc000, 0x100000}, SlotNeed::kReadOnly, Route::rom(0x3c000), Access::kRead, MapWay::kSlots}));
}

TEST_F(SlotPlan, BusReadsHaveNoSlotWhereverWritesGo) {
  EXPECT_THAT(go({{{0xc0000, 0xc4000}, {Route::bus(), Route::ram(0xc0000), Route::bus()}}}), IsEmpty());
}

// RAM that is written elsewhere than it is read is not memory to KVM.
TEST_F(SlotPlan, WritesThatGoElsewhereNeedAReadOnlySlot) {
  EXPECT_THAT(go({{{0xc0000, 0xc4000}, {Route::ram(0), Route::ram(0x8000), Route::ram(0)}}}),
              ElementsAre("map c0000-c4000 ram 0 rw", "create 0 c0000-c4000 ro"));
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
                          "map c4000-c8000 rom 4000 ro", "map d0000-d4000 ram d0000 rw",
                          "create 0 c0000-d0000 ro", "create 1 d0000-d4000 rw"));
  EXPECT_THAT(
      go({rom(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), rom(0xc8000, 0xcc000), ram(0xcc000, 0xd0000)}),
      ElementsAre("the map takes 4 KVM slots; the mapper owns 3"));
}

// --- By protection. ---

constexpr Region write_only(Gpa start, Gpa end) {
  return {{start, end}, {Route::rom(0), Route::ram(start), Route::rom(0)}};
}

// "One read-write slot over every stretch of the window that has bytes to read"; neighbours of one kind are
// one call.
TEST_F(ProtectPlan, PutsOneSlotOverAllThatHasBytes) {
  EXPECT_THAT(
      go({ram(0xc0000, 0xc8000), read_only(0xc8000, 0xd0000), {{0xd0000, 0xe0000}, memory::open_routes()}}),
      ElementsAre("map c0000-c8000 ram c0000 rw", "map c8000-d0000 ram c8000 ro", "map d0000-e0000 open 0 ro",
                  "create 0 c0000-e0000 rw"));
  EXPECT_THAT(go({read_only(0xc0000, 0xd0000), ram(0xd0000, 0xe0000)}),
              ElementsAre("protect c0000-c8000 ro", "map d0000-e0000 ram d0000 rw"));
  EXPECT_THAT(go({ram(0xc0000, 0xe0000)}), ElementsAre("protect c0000-d0000 rw"));
}

// A short stretch that is in place already does not part two calls into two; a long one does.
TEST_F(ProtectPlan, GoesOverWhatIsInPlaceIfItIsShort) {
  go({ram(0xc0000, 0x100000)});
  go({read_only(0xc0000, 0xc4000), ram(0xc4000, 0xc8000), read_only(0xc8000, 0xcc000),
      ram(0xcc000, 0x100000)});
  EXPECT_THAT(go({ram(0xc0000, 0x100000)}), ElementsAre("protect c0000-cc000 rw"));
  go({read_only(0xc0000, 0xc4000), ram(0xc4000, 0xfc000), read_only(0xfc000, 0x100000)});
  EXPECT_THAT(go({ram(0xc0000, 0x100000)}), ElementsAre("protect c0000-c4000 rw", "protect fc000-100000 rw"));
}

// New bytes and a change of access that continue each other are one mapping.
TEST_F(ProtectPlan, JoinsARightToABytesChange) {
  go({rom(0xc0000, 0xc4000), read_only(0xc4000, 0xc8000)});
  EXPECT_THAT(go({ram(0xc0000, 0xc8000)}), ElementsAre("map c0000-c8000 ram c0000 rw"));
}

// Rights are taken away first, given last.
TEST_F(ProtectPlan, LowersThenMapsThenRaises) {
  go({read_only(0xc0000, 0xc4000), rom(0xd0000, 0xd4000), ram(0xdc000, 0xe0000)});
  EXPECT_THAT(
      go({ram(0xc0000, 0xc4000), read_only(0xd0000, 0xd4000), read_only(0xdc000, 0xe0000)}),
      ElementsAre("protect dc000-e0000 ro", "map d0000-d4000 ram d0000 ro", "protect c0000-c4000 rw"));
}

// "write-only is a read-only slot": the slot around it goes, and what is left of it may be either kind. It
// goes with the read-write part, where it changes quickly.
TEST_F(ProtectPlan, GivesWriteOnlyMemoryASlotOfItsOwn) {
  go({ram(0xc0000, 0xe0000)});
  EXPECT_THAT(
      go({ram(0xc0000, 0xc4000), write_only(0xc4000, 0xc8000), rom(0xc8000, 0xcc000), ram(0xcc000, 0xe0000)}),
      ElementsAre("delete 0 c0000-e0000", "map c4000-c8000 rom 0 ro", "map c8000-cc000 rom 8000 ro",
                  "create 0 c0000-c4000 rw", "create 1 c4000-c8000 ro", "create 2 c8000-e0000 rw"));
  // Read-only memory under a read-only slot is well where it is.
  EXPECT_THAT(
      go({ram(0xc0000, 0xc4000), read_only(0xc4000, 0xc8000), rom(0xc8000, 0xcc000), ram(0xcc000, 0xe0000)}),
      ElementsAre("map c4000-c8000 ram c4000 ro"));
}

TEST_F(ProtectPlan, GivesADemotedPageAReadOnlySlot) {
  go({read_only(0xc0000, 0xd0000), ram(0xd0000, 0xe0000)});
  demoted_ = {{0xc4000, 0xc8000}, {0xd0000, 0xd4000}};
  EXPECT_THAT(go({read_only(0xc0000, 0xd0000), ram(0xd0000, 0xe0000)}),
              ElementsAre("delete 0 c0000-e0000", "create 0 c0000-c8000 ro", "create 1 c8000-e0000 rw"))
      << "memory is not protected";
}

TEST_F(ProtectPlan, DoesAgainWhatFailed) {
  go({ram(0xc0000, 0xc8000)});
  table_.note_failure(SetAccess{{0xc0000, 0xc4000}, Access::kRead});
  EXPECT_THAT(go({ram(0xc0000, 0xc8000)}), ElementsAre("protect c0000-c4000 rw"));
}

// "bus: none": slots into the owner's bytes join where these run on.
TEST_F(SlotPlan, InPlaceASlotGoesAsFarAsItsBytes) {
  way_ = MapWay::kInPlace;
  EXPECT_THAT(go({ram(0xc0000, 0xc8000),
                  {{0xc8000, 0xcc000}, memory::ram_routes(0xc8000)},
                  {{0xcc000, 0xd0000}, memory::ram_routes(0)}}),
              ElementsAre("create 0 c0000-cc000 rw", "create 1 cc000-d0000 rw"));
  EXPECT_THAT(go({ram(0xc0000, 0xd0000)}), ElementsAre("delete 1 cc000-d0000", "create 1 cc000-d0000 rw"));
}

// --- The fence. ---

TEST(Fence, LeavesOutTheStretchThatNeedsOneOfItsOwn) {
  const MapBytes a{{0xc0000, 0xc4000}, Route::ram(0xc0000), Access::kReadWrite},
      b{{0xc4000, 0xc8000}, Route::rom(0)}, c{{0xd0000, 0xd4000}, Route::rom(0)};
  const SetAccess lower{{0xe0000, 0xe4000}, Access::kRead}, raise{{0xe8000, 0xec000}, Access::kReadWrite};
  EXPECT_THAT(
      texts(with_fence({lower, a, b, c, raise}, Fenced::kAllButOne)),
      ElementsAre("protect e0000-e4000 ro", "protect c0000-c8000 none", "map d0000-d4000 rom 0 ro",
                  "map c0000-c4000 ram c0000 rw", "map c4000-c8000 rom 0 ro", "protect e8000-ec000 rw"));
  EXPECT_THAT(
      texts(with_fence({a, c}, Fenced::kAllButOne)),
      ElementsAre("protect d0000-d4000 none", "map c0000-c4000 ram c0000 rw", "map d0000-d4000 rom 0 ro"));
  EXPECT_THAT(texts(with_fence({a, c}, Fenced::kAll)),
              ElementsAre("protect c0000-c4000 none", "protect d0000-d4000 none",
                          "map c0000-c4000 ram c0000 rw", "map d0000-d4000 rom 0 ro"));
  EXPECT_THAT(
      texts(with_fence({a, b}, Fenced::kAllButOne)),
      ElementsAre("protect c0000-c8000 none", "map c0000-c4000 ram c0000 rw", "map c4000-c8000 rom 0 ro"));
}

}  // namespace
}  // namespace lowmeg::kvm
