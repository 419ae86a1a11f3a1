// Commits, completions, drains and DMA at the same time. TSan is the judge of most of it.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
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

}  // namespace
}  // namespace lowmeg::kvm
