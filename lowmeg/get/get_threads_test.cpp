// Client and Host are thread-safe: run under TSan.
#include <gtest/gtest.h>

#include <thread>

#include "tests/fakes/get_rig.hpp"

namespace lowmeg::get {
namespace {

using fakes::GetRig;

constexpr int kRequests = 300;

// Fills and empties `slot`, which nobody else uses.
void exchange_rounds(Client& client, std::uint32_t slot) {
  const Gpa start = 0xc0000 + slot * 0x4000;
  for (int i = 0; i < kRequests; ++i) {
    RangeExchange asked[] = {{CreateRamGpaRange{slot, start, 0x4000, start, 2}, {}},
                             {ResetRamGpaRange{slot}, {}}};
    ASSERT_TRUE(client.perform(asked));
    ASSERT_EQ(asked[0].status, CreateStatus::kSuccess);
    ASSERT_EQ(asked[1].status, CreateStatus::kSuccess);
  }
}

// "A call holds the client's lock from sending to the answer": nobody gets another's answer.
TEST(GetThreads, ShareAClient) {
  GetRig rig;
  std::thread other([&rig] { exchange_rounds(*rig.client, 1); });
  exchange_rounds(*rig.client, 2);
  other.join();
  EXPECT_EQ(rig.client->counters().creates.total(), 2u * kRequests);
  EXPECT_EQ(rig.client->counters().creates.refused(), 0u);
}

// Two clients of one host, and somebody who looks on.
TEST(GetThreads, ShareAHost) {
  GetRig rig;
  const auto second = Client::connect(std::make_unique<InProcessTransport>(*rig.host), rig.events).value();
  std::thread other([&second] { exchange_rounds(*second, 1); });
  unsigned torn = 0;
  std::thread onlooker([&rig, &torn] {
    for (int i = 0; i < kRequests; ++i) {
      const auto seen = rig.host->slots().slot(1);
      if (seen && *seen != RangeSlots::Slot{{0xc4000, 0xc8000}, 0xc4000, true}) ++torn;
    }
  });
  exchange_rounds(*rig.client, 2);
  other.join();
  onlooker.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(rig.host->counters().requests(), 4u * kRequests);
  EXPECT_EQ(rig.host->slots(), RangeSlots({.ram_size = GetRig::kRamSize}));
  EXPECT_EQ(rig.mapper.map(), GetRig::base());
}

}  // namespace
}  // namespace lowmeg::get
