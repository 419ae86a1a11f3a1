// The paravisor is killed (-9) and replaced under two CPUs that work in a shadowed segment, on real KVM: no
// count is lost, nothing is committed, and nobody is paused for it. How long each stood still, beside a
// control run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "lowmeg/get/unix_server.hpp"
#include "tests/fakes/locked_event_sink.hpp"
#include "tests/fakes/temp_folder.hpp"
#include "tests/relay.hpp"
#include "tests/smp_machine.hpp"
#include "vmm/chipset/ranges/bridge_proxy.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace lowmeg::test {
namespace {

using std::chrono::steady_clock;

std::string distribution(std::vector<double> microseconds) {
  if (microseconds.empty()) return "nothing";
  std::ranges::sort(microseconds);
  const auto at = [&](double part) {
    return microseconds[static_cast<std::size_t>(part * static_cast<double>(microseconds.size() - 1))];
  };
  return fmt::format("median {:.0f}, p99 {:.0f}, max {:.0f} us of {}", at(0.5), at(0.99), at(1),
                     microseconds.size());
}

// Host and proxy above the CPUs' mapper.
struct Chipset {
  Result<void> build(memory::Mapper& mapper) {
    const memory::Region ram{kSmpWindow, memory::ram_routes(0)};
    auto created =
        get::Host::create(mapper, memory::MemoryMap::uniform(memory::Layout(kSmpWindow, {&ram, 1})),
                          {.ram_size = kSmpRamSize}, events);
    if (!created) return tl::unexpected(created.error());
    host = std::move(*created);
    proxy.emplace(kBridge, seat, *host, vmm::ChipsetListeners{.timeline = [](const vmm::TimelineEntry&) {}});
    server =
        get::UnixServer::listen(path, *host, events, {.parts = {.keeper = &keeper}, .seat = &seat}).value();
    relay.emplace([this](unsigned) { return Words{LOWMEG_PROGRAM, "paravisor", "--socket", path}; });
    if (auto on = proxy->power_on(); !on) return on;
    // D0000-FFFFF read-write: shadow RAM.
    return proxy->function(0).write(0x5c, 0x33333333, bridge::ByteEnables::all());
  }
  ~Chipset() { seat.close({Errc::kClosed, "the machine ends"}); }

  static constexpr bridge::Identity kBridge = bridge::kHyperv;
  fakes::LockedEventSink events;
  fakes::TempFolder folder;
  const std::string path = folder.file("get");
  get::StateKeeper keeper{kSmpRamSize, vmm::personality_of({kBridge, {}})};
  get::ParavisorSeat seat{{}, events};
  std::unique_ptr<get::Host> host;
  std::optional<vmm::BridgeProxy> proxy;
  std::unique_ptr<get::UnixServer> server;
  std::optional<Relay> relay;
};

// How long CPU 1 made no round.
class Stalls {
 public:
  void watch(std::function<std::uint64_t(unsigned)> rounds) {
    thread_ = std::thread([this, rounds] {
      std::uint64_t seen = rounds(1);
      for (auto since = steady_clock::now(); !ended_;) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        if (rounds(1) == seen) continue;
        const auto now = steady_clock::now();
        microseconds.push_back(std::chrono::duration<double, std::micro>(now - since).count());
        seen = rounds(1);
        since = now;
      }
    });
  }
  void end() {
    ended_ = true;
    thread_.join();
  }
  std::vector<double> microseconds;

 private:
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

// "The paravisor is replaced 100 times." A process that starts takes milliseconds, but with sanitizers on an
// emulated host half a minute: the whole number only with LOWMEG_LONG, and time in proportion.
TEST(KvmServicing, ReplacementsLoseNothing) {
  if (auto usable = kvm_usable(); !usable) GTEST_SKIP() << usable.error().message();
  const unsigned times = std::getenv("LOWMEG_LONG") != nullptr ? 100 : 10;
  for (const bool replaced : {false, true}) {
    Chipset chipset;
    Stalls stalls;
    std::vector<double> reads;
    std::uint64_t commits = 0, pauses = 0;
    SmpScenario scenario;
    scenario.flips = times;
    scenario.patience = std::chrono::minutes(10 + times);
    scenario.prepare = [&](memory::Mapper& mapper) {
      auto built = chipset.build(mapper);
      if (built) commits = chipset.host->counters().commits;
      pauses = dynamic_cast<kvm::KvmMapper&>(mapper).counters().pauses;
      return built;
    };
    scenario.flip = [&](unsigned n) -> Result<void> {
      const auto before = chipset.seat.takings();
      if (replaced) chipset.relay->signal(SIGKILL);
      const auto start = steady_clock::now();
      // Until it is another one that answers.
      do {
        if (chipset.proxy->function(0).read(0) != 0x71928086) return fail(Errc::kSystem, "no answer");
      } while (replaced && chipset.seat.takings() == before);
      reads.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
      // The write of what is there already: nothing changes.
      return chipset.proxy->function(0).write(0x5c, 0x33333333, bridge::ByteEnables(n % 15 + 1));
    };
    scenario.watch = [&](auto rounds) { stalls.watch(std::move(rounds)); };
    scenario.unwatch = [&] { stalls.end(); };
    const auto outcome = run_smp(scenario);
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(outcome->trouble, "");
    EXPECT_EQ(outcome->flips, times);
    EXPECT_EQ(outcome->lost_counts + outcome->bad_reads + outcome->bad_calls + outcome->bad_memory, 0u);
    EXPECT_EQ(chipset.host->counters().commits, commits);
    EXPECT_EQ(outcome->counters.pauses, pauses);
    EXPECT_GE(chipset.relay->killed(), replaced ? times : 0u);
    fmt::print(
        "{} paravisors replaced: a config read took {}; CPU 1 stood still {}; {} rounds, {} commits, {} "
        "pauses\n",
        replaced ? times : 0, distribution(reads), distribution(stalls.microseconds), outcome->rounds,
        chipset.host->counters().commits - commits, outcome->counters.pauses - pauses);
  }
}

}  // namespace
}  // namespace lowmeg::test
