// Host, client, a second client that knocks, a guest that resets, a save and an onlooker, all at once over a
// real socket: run under TSan.
#include <gtest/gtest.h>
#include <algorithm>

#include <atomic>
#include <thread>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/unix_server.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "tests/fakes/fake_mapper.hpp"
#include "tests/fakes/locked_event_sink.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace lowmeg {
namespace {

constexpr GpaRange kRam{0, 64 << 20};
constexpr int kRounds = 400;

memory::MemoryMap base() {
  const memory::Region ram{kRam, memory::ram_routes(0)};
  return memory::MemoryMap::uniform(memory::Layout(kRam, {&ram, 1}));
}

class AllAtOnce : public testing::TestWithParam<get::Batches> {
 protected:
  Result<std::unique_ptr<get::Client>> connect() {
    auto socket = get::PacketSocket::connect(path);
    if (!socket) return tl::unexpected(socket.error());
    return get::Client::connect(std::make_unique<get::UnixTransport>(std::move(*socket)), events);
  }
  // The guest's thread: config writes that move segments, and resets between them.
  void be_the_guest() {
    ASSERT_TRUE(bridge.power_on());
    constexpr std::uint32_t kPam[] = {0x33333010, 0x11111010, 0x00000010, 0x12301010};
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::uint32_t value = kPam[round % std::size(kPam)];
      ASSERT_TRUE(bridge.write(round % 3 ? 0x58 : 0x5c, value, bridge::ByteEnables::all()));
      if (round % 16 == 15) {
        ASSERT_TRUE(bridge.reset());
      }
    }
  }
  // "A save sees all of an adjust or nothing": each handle is its segment's slot.
  void save() {
    do {
      const hyperv::AdjusterState saved = servicing.state();
      for (std::uint32_t i = 0; i < hyperv::kSegmentCount; ++i) {
        const auto& handle = saved.handles[i];
        if (handle) {
          EXPECT_EQ(handle->remote_handle, i);
        }
      }
    } while (!done);
  }
  // The second client, again and again; "refused in one line" each time.
  void knock() {
    do {
      const auto second = connect();
      ASSERT_FALSE(second);
      const bool never_got_in = second.error().os_error == EAGAIN;
      if (!never_got_in) ++refused;
    } while (!done);
  }
  // No two ranges ever overlap, and no counter runs backwards.
  void look_on() {
    std::uint64_t before = 0;
    do {
      const get::RangeSlots slots = host->slots();
      for (Gpa gpa = 0xc0000; gpa < 0x100000; gpa += 0x4000) (void)slots.slot_at(gpa);
      const std::uint64_t requests = host->counters().requests();
      EXPECT_GE(requests, before);
      before = requests;
      EXPECT_GE(client->counters().bytes_sent, 8u);
    } while (!done);
  }
  void expect_the_host_holds_what_the_adjuster_says() const {
    const hyperv::AdjusterState state = servicing.state();
    const get::RangeSlots slots = host->slots();
    for (std::uint32_t i = 0; i < hyperv::kSegmentCount; ++i) {
      const auto slot = slots.slot(i);
      const auto& handle = state.handles[i];
      ASSERT_EQ(slot.has_value(), handle.has_value()) << i;
      if (slot) {
        EXPECT_EQ(slot->range, handle->meta.range);
      }
    }
  }

  fakes::TempFolder folder;
  const std::string path = folder.file("get");
  fakes::LockedEventSink events;
  fakes::FakeMapper mapper{kRam};
  std::unique_ptr<get::Host> host =
      get::Host::create(mapper, base(), {.ram_size = kRam.end()}, events).value();
  std::unique_ptr<get::UnixServer> server =
      get::UnixServer::listen(path, *host, events, {.parts = {.batches = GetParam()}}).value();
  std::unique_ptr<get::Client> client = connect().value();
  hyperv::SharedAdjuster servicing{hyperv::GetBackedAdjuster(*client, 0, 0x3f00000, events)};
  hyperv::SharedAdjuster adjuster = servicing;
  bridge::HypervBridge bridge{bridge::kI440fx, adjuster, events};
  std::atomic<bool> done = false;
  std::size_t refused = 0;
};
INSTANTIATE_TEST_SUITE_P(Ways, AllAtOnce, testing::Values(get::Batches::kNotOffered, get::Batches::kOffered),
                         [](const auto& param) {
                           return std::string(param.param == get::Batches::kOffered ? "Batched" : "Strict");
                         });

TEST_P(AllAtOnce, NobodyIsInAnothersWay) {
  std::thread others[] = {std::thread([this] { save(); }), std::thread([this] { knock(); }),
                          std::thread([this] { look_on(); })};
  be_the_guest();
  done = true;
  for (std::thread& other : others) other.join();
  expect_the_host_holds_what_the_adjuster_says();
  EXPECT_EQ(host->counters().creates.refused(), 0u);
  EXPECT_EQ(host->counters().requests(), client->counters().requests());
  EXPECT_GT(refused, 0u);
  std::size_t refusals = 0;
  for (const std::string& text : events.texts())
    refusals += text == "a second client was refused: one is connected" ? 1u : 0u;
  EXPECT_GT(refusals, 0u);
  EXPECT_LE(refusals, std::min<std::size_t>(refused, 16)) << "told at a limited rate";
}

// The server ends amid all that: the guest's write fails, and nobody hangs.
TEST_P(AllAtOnce, TheServerMayEnd) {
  std::thread guest([this] {
    EXPECT_TRUE(bridge.power_on());
    for (std::uint32_t round = 0;; ++round) {
      const auto written =
          bridge.write(0x5c, round % 2 ? 0x33333333 : 0x11111111, bridge::ByteEnables::all());
      if (written) continue;
      EXPECT_EQ(written.error().code, Errc::kClosed) << written.error().message();
      return;
    }
  });
  std::thread saver([this] { save(); });
  while (client->counters().requests() < 200) std::this_thread::yield();
  server.reset();
  guest.join();
  done = true;
  saver.join();
  EXPECT_GE(host->counters().requests(), client->counters().requests());
}

}  // namespace
}  // namespace lowmeg
