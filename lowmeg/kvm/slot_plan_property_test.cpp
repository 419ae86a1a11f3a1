// The planner against the plainest models: all ways there are on few pages, and random maps on many.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>

#include "lowmeg/kvm/slot_plan.hpp"
#include "tests/fakes/random_map.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Layout;
using memory::Region;
using memory::Route;

// --- All ways: the fewest slot calls from any set of slots on a few pages to any map, by search. ---

constexpr unsigned kFewPages = 4;  // enough for a kept slot between two bare stretches, and one page to spare
constexpr GpaRange kSmall{0, kFewPages* kPageSize};
// What a page has, or wants: kEither is wanted only.
enum class Page : std::uint8_t { kNone, kReadOnly, kReadWrite, kEither };
using PageKinds = std::array<Page, kFewPages>;

// Slots on the small window: {first page, page after the last} to kind.
using SmallSlots = std::map<std::pair<unsigned, unsigned>, Page>;

void extend(unsigned start, const SmallSlots& slots, std::set<SmallSlots>& all) {
  if (start == kFewPages) {
    all.insert(slots);
    return;
  }
  extend(start + 1, slots, all);
  for (unsigned end = start + 1; end <= kFewPages; ++end) {
    for (const Page kind : {Page::kReadOnly, Page::kReadWrite}) {
      SmallSlots more = slots;
      more[{start, end}] = kind;
      extend(end, more, all);
    }
  }
}

PageKinds kinds_of(const SmallSlots& slots) {
  PageKinds kinds{};
  for (const auto& [range, kind] : slots) {
    for (unsigned page = range.first; page < range.second; ++page) kinds[page] = kind;
  }
  return kinds;
}

// All that one call leads to: a slot less, or one more on bare pages.
std::vector<SmallSlots> neighbours(const SmallSlots& slots) {
  std::vector<SmallSlots> result;
  for (const auto& [range, kind] : slots) {
    SmallSlots fewer = slots;
    fewer.erase(range);
    result.push_back(fewer);
  }
  const PageKinds kinds = kinds_of(slots);
  for (unsigned start = 0; start < kFewPages; ++start) {
    for (unsigned end = start + 1; end <= kFewPages && kinds[end - 1] == Page::kNone; ++end) {
      for (const Page kind : {Page::kReadOnly, Page::kReadWrite}) {
        SmallSlots more = slots;
        more[{start, end}] = kind;
        result.push_back(more);
      }
    }
  }
  return result;
}

// The fewest calls from `slots` to each map.
std::map<PageKinds, unsigned> fewest_calls(const SmallSlots& slots) {
  std::map<SmallSlots, unsigned> distance{{slots, 0}};
  std::map<PageKinds, unsigned> result;
  for (std::deque<SmallSlots> queue{slots}; !queue.empty(); queue.pop_front()) {
    const SmallSlots here = queue.front();
    result.emplace(kinds_of(here), distance[here]);
    for (const SmallSlots& next : neighbours(here)) {
      if (distance.emplace(next, distance[here] + 1).second) queue.push_back(next);
    }
  }
  return result;
}

// What `wanted` allows.
bool suits(Page kind, Page wanted) {
  return kind == wanted || (wanted == Page::kEither && kind != Page::kNone);
}

// All that pages may want.
std::vector<PageKinds> all_wants() {
  std::vector<PageKinds> all;
  for (unsigned code = 0; code < 256; ++code) {
    PageKinds wants{};
    for (unsigned page = 0; page < kFewPages; ++page) wants[page] = static_cast<Page>(code >> 2 * page & 3);
    all.push_back(wants);
  }
  return all;
}

std::vector<Placement> placements_of(const PageKinds& wants) {
  std::vector<Placement> result;
  for (unsigned page = 0; page < kFewPages; ++page) {
    const Gpa start = page * kPageSize;
    if (wants[page] == Page::kNone) continue;
    const SlotNeed need = wants[page] == Page::kReadOnly    ? SlotNeed::kReadOnly
                          : wants[page] == Page::kReadWrite ? SlotNeed::kReadWrite
                                                            : SlotNeed::kEither;
    result.push_back(
        {GpaRange(start, start + kPageSize), need, Route::ram(start), Access::kRead, MapWay::kProtect});
  }
  return result;
}

SlotTable table_of(const SmallSlots& slots) {
  SlotTable table(kSmall);
  std::uint32_t index = 0;
  for (const auto& [range, kind] : slots) {
    const SlotKind slot_kind = kind == Page::kReadOnly ? SlotKind::kReadOnly : SlotKind::kReadWrite;
    table.apply(
        CreateSlot{{index++, GpaRange(range.first * kPageSize, range.second * kPageSize), slot_kind}});
  }
  return table;
}

unsigned slot_calls(const std::vector<Operation>& operations) {
  return static_cast<unsigned>(std::ranges::count_if(operations, [](const Operation& operation) {
    return std::holds_alternative<CreateSlot>(operation) || std::holds_alternative<DeleteSlot>(operation);
  }));
}

TEST(SlotPlanProperty, NoOtherWayHasFewerSlotCalls) {
  std::set<SmallSlots> all;
  extend(0, {}, all);
  const PlanRules rules{{}, 100};
  const std::vector<PageKinds> wants = all_wants();
  std::size_t cases = 0;
  for (const SmallSlots& slots : all) {
    const std::map<PageKinds, unsigned> fewest_to = fewest_calls(slots);
    for (const PageKinds& wanted : wants) {
      unsigned fewest = ~0u;
      for (const auto& [kinds, calls] : fewest_to) {
        if (std::equal(kinds.begin(), kinds.end(), wanted.begin(), suits)) fewest = std::min(fewest, calls);
      }
      const auto operations = plan(table_of(slots), placements_of(wanted), rules).value();
      ASSERT_EQ(slot_calls(operations), fewest);
      SlotTable after = table_of(slots);
      for (const Operation& operation : operations) after.apply(operation);
      for (unsigned page = 0; page < kFewPages; ++page) {
        const Slot* slot = after.slot_at(page * kPageSize);
        const Page kind = slot == nullptr                     ? Page::kNone
                          : slot->kind == SlotKind::kReadOnly ? Page::kReadOnly
                                                              : Page::kReadWrite;
        ASSERT_TRUE(suits(kind, wanted[page]));
      }
      ++cases;
    }
  }
  EXPECT_GT(cases, 10'000u);
}

// --- Many pages: random maps in a row. ---

constexpr GpaRange kUpper = fakes::RandomMap::kUpper;
constexpr unsigned kUpperPages = kUpper.size() / kPageSize;

// What a page shows: no slot, or bytes, and what becomes of a write.
enum class Write : std::uint8_t { kRuns, kExits, kRefused };
struct Shown {
  Page kind = Page::kNone;
  Route bytes;
  Write write = Write::kExits;
  friend bool operator==(const Shown&, const Shown&) = default;
};
using Picture = std::array<Shown, kUpperPages>;

Gpa gpa_of(unsigned page) {
  return kUpper.start() + page * kPageSize;
}

// Kinds are as the way with the least freedom has them: read-only wherever not memory.
Picture picture_of(const Layout& layout) {
  Picture picture;
  for (unsigned page = 0; page < kUpperPages; ++page) {
    const memory::Routes routes = layout.find(gpa_of(page));
    if (routes.read.target() == memory::Target::kBus) continue;
    const bool is_memory = routes.read == routes.write;
    picture[page] = {is_memory ? Page::kReadWrite : Page::kReadOnly, routes.read,
                     is_memory ? Write::kRuns : Write::kExits};
  }
  return picture;
}

Picture picture_of(const SlotTable& table) {
  Picture picture;
  for (unsigned page = 0; page < kUpperPages; ++page) {
    const Slot* slot = table.slot_at(gpa_of(page));
    if (slot == nullptr) continue;
    const Write mapped = table.access_at(gpa_of(page)) == Access::kReadWrite ? Write::kRuns : Write::kRefused;
    picture[page] = {slot->kind == SlotKind::kReadOnly ? Page::kReadOnly : Page::kReadWrite,
                     table.bytes_at(gpa_of(page)),
                     slot->kind == SlotKind::kReadOnly ? Write::kExits : mapped};
  }
  return picture;
}

// By protection a write that would exit may be refused instead, but not where it is meant.
bool shows(const Shown& shown, const Shown& wanted, const memory::Routes& routes, MapWay way) {
  if (way == MapWay::kSlots) return shown == wanted;
  if ((shown.kind == Page::kNone) != (wanted.kind == Page::kNone)) return false;
  if (shown.kind == Page::kNone) return true;
  const bool may_refuse = routes.write.target() != memory::Target::kRam;
  return shown.bytes == wanted.bytes &&
         (shown.write == wanted.write ||
          (may_refuse && shown.write == Write::kRefused && wanted.write == Write::kExits));
}

// The cost of the plain way: delete and create for each slot-sized piece that changes its kind.
unsigned plain_calls(const Picture& before, const Picture& after) {
  unsigned calls = 0;
  for (unsigned page = 0; page < kUpperPages; ++page) {
    if (before[page].kind == after[page].kind) continue;
    calls += (before[page].kind != Page::kNone ? 1u : 0u) + (after[page].kind != Page::kNone ? 1u : 0u);
  }
  return calls;
}

struct Limits {
  std::uint32_t slots;
  MapWay way;
};
class RandomPlans : public testing::TestWithParam<Limits> {};

TEST_P(RandomPlans, LeadToTheMapAndTouchNothingElse) {
  const auto& [slots, way] = GetParam();
  const PlanRules rules{{0xa0000, 0xc0000, 0x100000}, slots};
  fakes::RandomMap random(slots, GpaRange(0, 0x100000), GpaRange(0, 0x40000));
  const Layout empty(kUpper);
  SlotTable table(kUpper);
  Layout last = empty;
  std::uint64_t calls = 0, plain = 0;
  for (int round = 0; round < 3000; ++round) {
    // Every other round only a bit changes.
    std::vector<Region> regions = random.regions();
    if (round % 2 == 1) regions = {regions[random.pick(regions.size())]};
    const Layout layout = (round % 2 == 1 ? last : empty).overlaid(regions);
    const Picture before = picture_of(last), after = picture_of(layout);
    const SlotTable old_table = table;

    const auto wanted = placements(layout, {kUpper, way, {}}).value();
    const auto operations = plan(table, wanted, rules);
    ASSERT_TRUE(operations) << operations.error().what;
    for (const Operation& operation : *operations) table.apply(operation);
    const Picture shown = picture_of(table);
    for (unsigned page = 0; page < kUpperPages; ++page)
      ASSERT_TRUE(shows(shown[page], after[page], layout.find(gpa_of(page)), way))
          << round << ", page " << page;
    ASSERT_LE(table.slots().size(), rules.slot_count);
    ASSERT_TRUE(plan(table, wanted, rules)->empty()) << "nothing is left to do";
    for (const Slot& slot : table.slots()) {
      ASSERT_LT(slot.index, rules.slot_count);
      ASSERT_FALSE(slot.range.contains(0xbffff) && slot.range.contains(0xc0000)) << "a cut";
    }
    for (const Operation& operation : *operations) {
      const auto* gone = std::get_if<DeleteSlot>(&operation);
      if (gone == nullptr || slots < 100 || way != MapWay::kSlots)
        continue;  // few slots: joining touches more
      bool must_go = false;
      for (Gpa gpa = gone->slot.range.start(); gpa < gone->slot.range.end(); gpa += kPageSize) {
        const unsigned page = static_cast<unsigned>((gpa - kUpper.start()) / kPageSize);
        must_go = must_go || before[page].kind != after[page].kind;
      }
      ASSERT_TRUE(must_go) << "a slot went of which no page changed its kind";
    }
    calls += slot_calls(*operations);
    plain += plain_calls(before, after);
    last = layout;
  }
  EXPECT_LT(calls, plain / 2) << "far fewer than a delete and a create for each page";
}

// With ids to spare, and with so few that joining is needed all the time.
INSTANTIATE_TEST_SUITE_P(SlotCounts, RandomPlans,
                         testing::Values(Limits{100, MapWay::kSlots}, Limits{30, MapWay::kSlots},
                                         Limits{100, MapWay::kProtect}, Limits{30, MapWay::kProtect}));

}  // namespace
}  // namespace lowmeg::kvm
