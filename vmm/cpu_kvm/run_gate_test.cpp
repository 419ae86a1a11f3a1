#include "vmm/cpu_kvm/run_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>

namespace vmm {
namespace {

using lowmeg::Errc;
using std::chrono::steady_clock;
using testing::HasSubstr;
using namespace std::chrono_literals;

// A guest that runs until it is interrupted, or until the test gives it an exit.
class FakeGuest final : public GuestExit {
 public:
  void set_entry(Entry entry) override {
    const std::lock_guard lock(mutex_);
    leave_ = entry == Entry::kLeave;
    if (entry == Entry::kLeave) ++entries_closed_;
  }
  void interrupt() override {
    const std::lock_guard lock(mutex_);
    if (deaf_ || ignored_ > 0) {
      if (ignored_ > 0) --ignored_;
      return;
    }
    interrupted_ = true;
    changed_.notify_all();
  }
  /// KVM_RUN: nothing in hand when interrupted.
  RunGate::InHand run() {
    std::unique_lock lock(mutex_);
    if (std::exchange(completing_, false) && leave_) return RunGate::InHand::kNothing;
    changed_.wait(lock, [this] { return interrupted_ || leave_ || next_ != RunGate::InHand::kNothing; });
    interrupted_ = false;
    completing_ = next_ != RunGate::InHand::kNothing;
    return std::exchange(next_, RunGate::InHand::kNothing);
  }
  void exit_with(RunGate::InHand in_hand) {
    const std::lock_guard lock(mutex_);
    next_ = in_hand;
    changed_.notify_all();
  }
  void ignore_kicks(int count) {
    const std::lock_guard lock(mutex_);
    ignored_ = count;
  }
  void be_deaf(bool deaf) {
    const std::lock_guard lock(mutex_);
    deaf_ = deaf;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  RunGate::InHand next_ = RunGate::InHand::kNothing;
  bool leave_ = false, interrupted_ = false, completing_ = false, deaf_ = false;
  int ignored_ = 0, entries_closed_ = 0;
};

// vCPUs with threads, as KvmCpus runs them. `on_exit` is the exit's handler.
class Rig {
 public:
  using Handler = std::function<void(unsigned vcpu, RunGate::InHand)>;

  explicit Rig(
      unsigned vcpus, Handler on_exit = [](unsigned, RunGate::InHand) {},
      std::chrono::milliseconds patience = 10s)
      : on_exit_(std::move(on_exit)), guests_(vcpus), inside_(vcpus), orders_(vcpus) {
    std::vector<GuestExit*> exits;
    for (auto& guest : guests_) exits.push_back(&guest);
    gate_ = std::make_unique<RunGate>(exits, patience);
    for (unsigned i = 0; i < vcpus; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~Rig() {
    gate_->quit();
    for (std::thread& thread : threads_) thread.join();
  }

  RunGate& gate() { return *gate_; }
  FakeGuest& guest(unsigned i) { return guests_[i]; }
  unsigned inside() const {
    unsigned count = 0;
    for (const auto& one : inside_) count += one ? 1 : 0;
    return count;
  }
  /// How often the vCPU was let in only to complete what it had in hand.
  unsigned completions(unsigned i) const { return orders_[i]; }
  void wait_inside(unsigned count) {
    while (inside() != count) std::this_thread::sleep_for(100us);
  }

 private:
  void work(unsigned i) {
    for (;;) {
      const RunGate::Order order = gate_->enter(i);
      if (order == RunGate::Order::kQuit) return;
      if (order == RunGate::Order::kComplete) ++orders_[i];
      inside_[i] = true;
      const RunGate::InHand in_hand = guests_[i].run();
      inside_[i] = in_hand == RunGate::InHand::kMemory;
      gate_->left(i, in_hand);
      if (in_hand != RunGate::InHand::kNothing) on_exit_(i, in_hand);
    }
  }

  Handler on_exit_;
  std::vector<FakeGuest> guests_;
  std::vector<std::atomic<bool>> inside_;
  std::vector<std::atomic<unsigned>> orders_;
  std::unique_ptr<RunGate> gate_;
  std::vector<std::thread> threads_;
};

TEST(RunGate, NobodyIsInsideDuringAPause) {
  Rig rig(3);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(rig.gate().pause());
    EXPECT_EQ(rig.inside(), 0u);
    rig.gate().resume();
  }
  rig.wait_inside(3);
}

// "Repeat the kick until it is acknowledged."
TEST(RunGate, KicksUntilItIsHeard) {
  Rig rig(1);
  rig.wait_inside(1);
  rig.guest(0).ignore_kicks(3);
  EXPECT_TRUE(rig.gate().pause());
  rig.gate().resume();
}

TEST(RunGate, NamesTheVcpuThatDoesNotCome) {
  Rig rig(2, [](unsigned, RunGate::InHand) {}, 50ms);
  rig.wait_inside(2);
  rig.guest(1).be_deaf(true);
  const auto paused = rig.gate().pause();
  ASSERT_FALSE(paused);
  EXPECT_EQ(paused.error().code, Errc::kTimeout);
  EXPECT_EQ(paused.error().message(), "vCPU 1 did not leave KVM_RUN within 50 ms");
  rig.wait_inside(2);  // and the other one runs on
  rig.guest(1).be_deaf(false);
  EXPECT_TRUE(rig.gate().pause());
  rig.gate().resume();
}

// "An exit in hand is completed on the map it occurred under, then KVM_RUN with immediate_exit."
TEST(RunGate, AMemoryExitIsCompletedBeforeThePauseHolds) {
  std::atomic<bool> in_handler{false}, handler_may_end{false}, paused{false};
  Rig rig(1, [&](unsigned, RunGate::InHand) {
    in_handler = true;
    while (!handler_may_end) std::this_thread::sleep_for(100us);
    EXPECT_FALSE(paused);
  });
  rig.guest(0).exit_with(RunGate::InHand::kMemory);
  while (!in_handler) std::this_thread::sleep_for(100us);
  std::thread pauser([&] {
    ASSERT_TRUE(rig.gate().pause());
    paused = true;
    EXPECT_EQ(rig.completions(0), 1u);
    rig.gate().resume();
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(paused);
  handler_may_end = true;
  pauser.join();
}

// A vCPU that waits in a port access for what the pausing thread holds counts as paused.
TEST(RunGate, APortExitCountsAsPaused) {
  std::mutex device;
  std::atomic<bool> in_handler{false};
  Rig rig(2, [&](unsigned, RunGate::InHand) {
    in_handler = true;
    const std::lock_guard lock(device);
  });
  rig.wait_inside(2);
  {
    const std::lock_guard lock(device);
    rig.guest(0).exit_with(RunGate::InHand::kPort);
    while (!in_handler) std::this_thread::sleep_for(100us);
    ASSERT_TRUE(rig.gate().pause());
    rig.gate().resume();
  }
  rig.wait_inside(2);
  EXPECT_EQ(rig.completions(0), 0u);
}

// It is completed after the pause, and only then has the vCPU stopped.
TEST(RunGate, APortExitThatMetAPauseIsCompletedBeforeAStop) {
  std::atomic<bool> in_handler{false}, handler_may_end{false};
  Rig rig(1, [&](unsigned, RunGate::InHand) {
    in_handler = true;
    while (!handler_may_end) std::this_thread::sleep_for(100us);
  });
  rig.guest(0).exit_with(RunGate::InHand::kPort);
  while (!in_handler) std::this_thread::sleep_for(100us);
  ASSERT_TRUE(rig.gate().pause());
  rig.gate().request_stop();
  handler_may_end = true;
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(rig.gate().parked());
  rig.gate().resume();
  ASSERT_TRUE(rig.gate().park());
  EXPECT_EQ(rig.completions(0), 1u);
}

// All vCPUs change the map at once, each within its own config write or its own memory access.
TEST(RunGate, SeveralPauseAtOnceAndNoneWaitsForEver) {
  constexpr unsigned kVcpus = 4, kRounds = 100;
  std::atomic<unsigned> pauses{0};
  RunGate* gate = nullptr;
  Rig rig(kVcpus, [&](unsigned, RunGate::InHand) {
    ASSERT_TRUE(gate->pause());
    ++pauses;
    gate->resume();
  });
  gate = &rig.gate();
  for (unsigned round = 0; round < kRounds; ++round) {
    for (unsigned i = 0; i < kVcpus; ++i)
      rig.guest(i).exit_with(i % 2 == 0 ? RunGate::InHand::kPort : RunGate::InHand::kMemory);
    while (pauses < (round + 1) * kVcpus) std::this_thread::sleep_for(50us);
  }
}

// Under TSan this also proves that what is done during a pause happens before what vCPUs do after it.
TEST(RunGate, APauseExcludesTheGuest) {
  int map = 0;  // no atomic: written while paused, read by handlers of memory exits
  std::atomic<unsigned> reads{0};
  Rig rig(3, [&](unsigned, RunGate::InHand in_hand) {
    if (in_hand == RunGate::InHand::kMemory && map >= 0) ++reads;
  });
  std::vector<std::thread> pausers;
  for (unsigned i = 0; i < 2; ++i) {
    pausers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        ASSERT_TRUE(rig.gate().pause());
        ++map;
        rig.gate().resume();
      }
    });
  }
  for (unsigned i = 0; i < 600; ++i) {
    rig.guest(i % 3).exit_with(i % 2 == 0 ? RunGate::InHand::kMemory : RunGate::InHand::kPort);
    std::this_thread::sleep_for(50us);
  }
  for (std::thread& pauser : pausers) pauser.join();
  EXPECT_EQ(map, 600);
  EXPECT_GT(reads, 0u);
}

TEST(RunGate, AStopParksEveryVcpuAtABoundary) {
  Rig rig(2, [](unsigned, RunGate::InHand) {});
  rig.wait_inside(2);
  EXPECT_FALSE(rig.gate().parked());
  EXPECT_FALSE(rig.gate().wait_for_stop(steady_clock::now()));
  rig.guest(0).exit_with(RunGate::InHand::kPort);
  rig.gate().request_stop();
  EXPECT_TRUE(rig.gate().wait_for_stop(steady_clock::now() + 10s));
  ASSERT_TRUE(rig.gate().park());
  EXPECT_TRUE(rig.gate().parked());
  EXPECT_EQ(rig.inside(), 0u);
  ASSERT_TRUE(rig.gate().pause()) << "a map can be committed meanwhile";
  rig.gate().resume();
  rig.gate().go_on();
  rig.wait_inside(2);
}

// The OUT that asks for a reset is completed, and nothing after it runs.
TEST(RunGate, AStopFromWithinAnExitCompletesIt) {
  RunGate* gate = nullptr;
  Rig rig(1, [&](unsigned, RunGate::InHand) { gate->request_stop(); });
  gate = &rig.gate();
  rig.guest(0).exit_with(RunGate::InHand::kPort);
  EXPECT_TRUE(rig.gate().wait_for_stop(steady_clock::now() + 10s));
  ASSERT_TRUE(rig.gate().park());
  EXPECT_EQ(rig.completions(0), 1u);
}

TEST(RunGate, AStopNamesTheVcpuThatDoesNotCome) {
  Rig rig(2, [](unsigned, RunGate::InHand) {}, 50ms);
  rig.wait_inside(2);
  rig.guest(0).be_deaf(true);
  rig.gate().request_stop();
  const auto parked = rig.gate().park();
  ASSERT_FALSE(parked);
  EXPECT_THAT(parked.error().message(), HasSubstr("vCPU 0 did not stop"));
  rig.guest(0).be_deaf(false);
}

// A mapper that is lost does not resume: the threads end all the same.
TEST(RunGate, QuitEndsWhoeverIsPaused) {
  Rig rig(2);
  rig.wait_inside(2);
  ASSERT_TRUE(rig.gate().pause());
  rig.gate().quit();
  const auto paused = rig.gate().pause();
  ASSERT_FALSE(paused);
  EXPECT_EQ(paused.error().code, Errc::kClosed);
}

}  // namespace
}  // namespace vmm
