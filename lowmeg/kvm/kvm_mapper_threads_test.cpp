// Commits, completions, drains and DMA at the same time. TSan is the judge of most of it.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <chrono>
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
      fakes::FakeRun run;
      start.arrive_and_wait();
      while (!stop) {
        {
          const auto hold = mapper->hold();
          const Route here = mapper->map().bus_master.find(kHere).read;
          const Route there = mapper->map().bus_master.find(kThere).read;
          if (here.target() != there.target()) ++torn;
        }
        std::uint8_t data[4]{};
        if (!fakes::mmio_exit(*mapper, *run.run(), kHere, MmioDirection::kRead, data).verdict.done()) ++torn;
        // What is refused is demoted: slots change, and the map stays.
        run.run()->exit_reason = 0;
        if (looks % 8 == 0) static_cast<void>(mapper->after_run({*run.run(), EFAULT, mapper->generation()}));
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

// A migration that asks what was written while the map changes and vCPUs write: each write is told, once it
// was made, to who asks next.
TEST(KvmMapperThreads, TellOfWritesWhileTheMapChanges) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  DirtyPages log(0x100000);
  ASSERT_TRUE(mapper->log_writes(&log));
  const Route ram = Route::ram(0x1000), rom = Route::rom(0);
  const MemoryMap maps[] = {KvmMapperRig::map({{kBoth, {rom, ram, rom}}}), map_of(Route::open())};
  ASSERT_TRUE(mapper->commit(maps[0]));
  std::atomic<bool> stop = false;
  std::atomic<unsigned> stored = 0;
  std::thread vcpu([&] {
    fakes::FakeRun run;
    while (!stop) {
      std::uint8_t data[1]{1};
      fakes::mmio_exit(*mapper, *run.run(), kHere, MmioDirection::kWrite, data);
      ++stored;
    }
  });
  for (unsigned i = 1; i <= 100; ++i) {
    EXPECT_TRUE(mapper->commit(maps[i % 2]));
    mapper->harvest();
  }
  EXPECT_TRUE(mapper->commit(maps[0]));
  log.take();
  for (const unsigned before = stored; stored < before + 2;) std::this_thread::yield();
  stop = true;
  vcpu.join();
  mapper->harvest();
  EXPECT_EQ(log.take(), (std::vector<std::uint64_t>{1}));
  ASSERT_TRUE(mapper->log_writes(nullptr));
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
      fakes::FakeRun run;
      std::uint8_t data[1]{1};
      completed = fakes::mmio_exit(*mapper, *run.run(), kHere, MmioDirection::kWrite, data).verdict.done();
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

// "writes are returned in their order": whoever has them, the next one's turn comes when they are done, and
// so does that of an access that is made after them.
TEST(KvmMapperThreads, GiveTheBusItsWritesInOrder) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  std::vector<int> written;  // no lock: one at a time, which TSan checks
  const auto serve = [&](const AfterRun& after) {
    for (const BusWrite& write : after.writes) {
      mapper->wait_for(write.ticket);
      written.push_back(write.bytes[0]);
      mapper->done(write.ticket);
    }
    mapper->wait_for(after.ticket);
  };
  const auto come_out = [&](fakes::FakeRun& run) {
    run.run()->exit_reason = 0;
    return mapper->after_run({*run.run(), EINTR, mapper->generation()});
  };
  fakes::FakeRun other_run;
  rig.run.queue(kHere, {1});
  const AfterRun first = come_out(rig.run);
  rig.run.queue(kHere, {2});
  auto second = std::async(std::launch::async, [&] { serve(come_out(other_run)); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  serve(first);
  second.wait();
  EXPECT_EQ(written, (std::vector{1, 2}));
}

// "a ring that is filled while drained is bounded": what was there at the start is taken, no more.
TEST(KvmMapperThreads, DrainNoMoreThanWasThere) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  WriteRing ring;
  ring.attach(CoalescedRing::of(rig.run.run(), 2));
  for (int i = 0; i < 3; ++i) rig.run.queue(kHere, {1});
  unsigned stored = 0;
  ring.drain([&](const MmioAccess&) {
    rig.run.queue(kHere, {2});  // a guest that writes as fast as we look
    return ++stored < 1000;
  });
  EXPECT_EQ(stored, 3u);
}

// "DMA cannot starve a commit": three threads of which one holds the map at any time.
TEST(KvmMapperThreads, CommitAlthoughTheMapIsAlwaysHeld) {
  KvmMapperRig rig;
  const auto mapper = rig.create();
  std::atomic<unsigned> holds = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> devices;
  for (int i = 0; i < 3; ++i) {
    devices.emplace_back([&] {
      while (!stop) {
        const auto hold = mapper->hold();
        const unsigned before = ++holds;
        const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
        while (holds == before && !stop && std::chrono::steady_clock::now() < patience)
          std::this_thread::yield();
      }
    });
  }
  while (holds < 10) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < 50; ++i)
    EXPECT_TRUE(mapper->commit(map_of(i % 2 == 0 ? Route::ram(0) : Route::rom(0))));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  stop = true;
  for (std::thread& device : devices) device.join();
}

}  // namespace
}  // namespace lowmeg::kvm
