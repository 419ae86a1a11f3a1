// Commits, completions, drains and DMA at the same time. TSan is the judge of most of it.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <future>
#include <thread>

#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::kvm {
namespace {

using fakes::KvmMapperRig;
using memory::MemoryMap;
using memory::Route;

constexpr GpaRange kBoth{0xc0000, 0xc8000};
constexpr Gpa kHere = 0xc0ffc, kThere = 0xc4ffc;

// Both halves of the map are RAM or both are ROM; whoever holds the map never sees one of each.
MemoryMap map_of(Route read) {
  return KvmMapperRig::map({{kBoth, {read, Route::drop(), read}}});
}

TEST(KvmMapperThreads, SeeOneMapOrTheOther) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  const MemoryMap maps[] = {map_of(Route::ram(0)), map_of(Route::rom(0)), map_of(Route::open())};
  ASSERT_TRUE(mapper->commit(maps[0]));
  constexpr int kThreads = 3;
  std::barrier start(kThreads + 1);
  std::atomic<bool> stop = false;
  std::atomic<unsigned> torn = 0, looks = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      while (!stop) {
        {
          const auto hold = mapper->hold();
          const Route here = mapper->map().bus_master.find(kHere).read;
          const Route there = mapper->map().bus_master.find(kThere).read;
          if (here.target() != there.target()) ++torn;
        }
        std::uint8_t data[4];
        if (!mapper->complete({kHere, MmioDirection::kRead, data}).done()) ++torn;
        mapper->drain();
        static_cast<void>(mapper->fetch_failed(mapper->generation(), 0));
        ++looks;
      }
    });
  }
  start.arrive_and_wait();
  for (unsigned i = 1; i <= 200; ++i) EXPECT_TRUE(mapper->commit(maps[i % 3]));
  while (looks < 100) std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0u);
}

// Two vCPUs that commit at once wait for each other, not for ever: neither holds a lock that the other's
// pause needs.
TEST(KvmMapperThreads, CommitOneAfterTheOther) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  const MemoryMap maps[] = {map_of(Route::ram(0)), KvmMapperRig::map({{kBoth, memory::ram_routes(0)}})};
  std::barrier start(2);
  const auto work = [&] {
    start.arrive_and_wait();
    for (unsigned i = 0; i < 500; ++i) EXPECT_TRUE(mapper->commit(maps[i % 2]));
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(rig.pause.pauses, rig.pause.resumes);
  EXPECT_FALSE(rig.pause.is_paused);
}

// A vCPU that has an exit in hand must be able to complete it while pause() waits for it.
class WaitsForACompletion final : public PauseVcpus {
 public:
  Result<void> pause() override {
    std::thread([this] {
      mapper->drain();
      std::uint8_t data[1]{1};
      const auto verdict = mapper->complete({kHere, MmioDirection::kWrite, data});
      completed = verdict.done();
      const auto hold = mapper->hold();
    }).join();
    return {};
  }
  void resume() override {}

  KvmMapper* mapper = nullptr;
  bool completed = false;
};

TEST(KvmMapperThreads, CompleteAnExitInHandWhilePausing) {
  KvmMapperRig rig;
  WaitsForACompletion pause;
  const auto mapper = KvmMapper::create(rig.config(), pause, rig.kvm).value();
  pause.mapper = mapper.get();
  const Route ram = Route::ram(0x1000), rom = Route::rom(0);
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({{kBoth, {rom, ram, rom}}})));
  EXPECT_FALSE(pause.completed) << "the bus, on the map before";
  ASSERT_TRUE(mapper->commit(KvmMapperRig::map({})));
  EXPECT_TRUE(pause.completed) << "still on the old map";
  EXPECT_EQ(rig.ram.bytes()[0x1000 + 0xffc], 1);
}

// As above where only undoing pauses: the swap that needed no pause fails.
TEST(KvmMapperThreads, CompleteAnExitInHandWhilePausingToUndo) {
  KvmMapperRig rig;
  WaitsForACompletion pause;
  const auto mapper = KvmMapper::create(rig.config(), pause, rig.kvm).value();
  pause.mapper = mapper.get();
  ASSERT_TRUE(mapper->commit(map_of(Route::rom(0))));
  pause.completed = false;
  rig.kvm.fail_call(0, ENOMEM, /*sticky=*/false);
  EXPECT_FALSE(mapper->commit(map_of(Route::ram(0))));
  EXPECT_TRUE(pause.completed);
  EXPECT_FALSE(mapper->is_lost());
}

// Keeps its first write until it is let go: whoever drained is stopped between ring and device.
class HesitatingBusWrites final : public BusWrites {
 public:
  void bus_write(Gpa, std::span<const std::uint8_t> data) override {
    if (!std::exchange(has_hesitated_, true)) {
      reached.set_value();
      go.get_future().wait();
    }
    written.push_back(data[0]);
  }

  std::promise<void> reached, go;
  std::vector<int> written;  // no lock: one call at a time, which TSan checks

 private:
  bool has_hesitated_ = false;
};

// "all writes in the order in which they were made"; "When [drain] returns, every write that was in the ring
// when it was called is done, whoever took it out". A commit hands over likewise.
TEST(KvmMapperThreads, HandTheBusItsWritesInOrder) {
  const std::pair<const char*, void (*)(KvmMapper&)> rows[] = {
      {"drain", [](KvmMapper& mapper) { mapper.drain(); }},
      {"commit", [](KvmMapper& mapper) { EXPECT_TRUE(mapper.commit(map_of(Route::ram(0)))); }},
  };
  for (const auto& [name, take_writes] : rows) {
    KvmMapperRig rig;
    HesitatingBusWrites bus;
    KvmMapperConfig config = rig.config();
    config.bus_writes = &bus;
    const auto mapper = KvmMapper::create(config, rig.pause, rig.kvm).value();
    mapper->attach_ring(rig.run.run());
    rig.run.queue(kHere, {1});
    auto first = std::async(std::launch::async, [&] { mapper->drain(); });
    bus.reached.get_future().wait();
    rig.run.queue(kHere, {2});
    auto second = std::async(std::launch::async, [&, take = take_writes] { take(*mapper); });
    EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout) << name;
    bus.go.set_value();
    first.wait();
    second.wait();
    EXPECT_EQ(bus.written, (std::vector{1, 2})) << name;
  }
}

}  // namespace
}  // namespace lowmeg::kvm
