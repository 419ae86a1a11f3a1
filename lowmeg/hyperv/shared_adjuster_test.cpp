#include "lowmeg/hyperv/shared_adjuster.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/fakes/get_rig.hpp"

namespace lowmeg::hyperv {
namespace {

using fakes::GetRig;

constexpr GpaRange kFirst{0xe0000, 0xe4000};   // slot 9
constexpr GpaRange kSecond{0xe4000, 0xe8000};  // slot 10

std::array<GpaStateChange, 2> both(GpaState now) {
  return {{{kFirst, GpaState::kMmio, now, Apply::kDelta}, {kSecond, GpaState::kMmio, now, Apply::kDelta}}};
}

TEST(SharedAdjuster, IsTheSameAdjusterInEachCopy) {
  GetRig rig;
  SharedAdjuster bridge(GetBackedAdjuster(*rig.client, 3, GetRig::kRomBiosOffset, rig.events));
  const SharedAdjuster servicing = bridge;
  ASSERT_TRUE(bridge.adjust(both(GpaState::kMmio)));
  EXPECT_EQ(servicing.state().base_slot, 3u);
  EXPECT_EQ(servicing.state().handles[9]->remote_handle, 12u);
}

// "The adjuster is shared behind a lock so that servicing can save it while the device owns it": a save sees
// all of an adjust or nothing of it, never one segment of two.
TEST(SharedAdjuster, SavesAllOfAnAdjustOrNothing) {
  GetRig rig;
  SharedAdjuster bridge(GetBackedAdjuster(*rig.client, 0, GetRig::kRomBiosOffset, rig.events));
  std::atomic<bool> done = false;
  unsigned torn = 0, saves = 0;
  std::thread servicing([&, copy = bridge] {
    do {
      const AdjusterState saved = copy.state();
      const auto& [a, b] = std::tie(saved.handles[9], saved.handles[10]);
      if (a.has_value() != b.has_value() || (a && a->meta.gpa_offset + 0x4000 != b->meta.gpa_offset)) ++torn;
      ++saves;
    } while (!done);
  });
  constexpr GpaState kTurns[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWritable};
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(bridge.adjust(both(kTurns[i % 3])));
  done = true;
  servicing.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GT(saves, 0u);
}

// Two bridges never share an adjuster in a machine, but the lock does not rely on that.
TEST(SharedAdjuster, TakesAdjustsFromTwoThreads) {
  GetRig rig;
  SharedAdjuster shared(GetBackedAdjuster(*rig.client, 0, GetRig::kRomBiosOffset, rig.events));
  const auto turn = [&shared](GpaRange range) {
    SharedAdjuster own = shared;
    for (int i = 0; i < 500; ++i) {
      const GpaStateChange change{range, GpaState::kMmio, i % 2 ? GpaState::kWriteProtected : GpaState::kMmio,
                                  Apply::kDelta};
      EXPECT_TRUE(own.adjust({&change, 1}));
    }
  };
  std::thread other(turn, kSecond);
  turn(kFirst);
  other.join();
  EXPECT_EQ(shared.state().handles[9]->meta, (Override{kFirst, 0xe0000, Access::kReadOnly}));
  EXPECT_EQ(shared.state().handles[10]->meta, (Override{kSecond, 0xe4000, Access::kReadOnly}));
  EXPECT_EQ(rig.host->counters().creates.total(), 1000u);
  EXPECT_EQ(rig.client->counters().resets, 998u);
}

}  // namespace
}  // namespace lowmeg::hyperv
