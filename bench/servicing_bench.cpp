// What a paravisor in a process of its own costs: a config read by way of the proxy against the floor, a
// ping-pong of as many bytes over the same kind of socket; a PAM write with its state kept against the same
// write by an adjuster alone; and a restart from one paravisor's end to its successor's first answer. The
// paravisor is a thread here, on a CPU of its own where there are two.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/in_process.hpp"
#include "lowmeg/get/unix_server.hpp"
#include "lowmeg/get/unix_transport.hpp"
#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "lowmeg/memory/soft_mapper.hpp"
#include "vmm/chipset/ranges/bridge_proxy.hpp"
#include "vmm/chipset/ranges/image_placement.hpp"
#include "vmm/chipset/ranges/in_process_link.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace vmm {
namespace {

using lowmeg::get::Deadline;
using lowmeg::get::PacketSocket;
using std::chrono::steady_clock;

constexpr std::uint64_t kRamSize = 64ull << 20;
constexpr std::uint8_t kPam = 0x5c;

// Threads that are started later inherit it.
void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::thread::hardware_concurrency(), &set);
  pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

void require(bool good) {
  if (!good) std::abort();
}

template <typename Work>
double microseconds(Work work) {
  const auto start = steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(steady_clock::now() - start).count();
}

double quantile(std::vector<double> values, double part) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// A host without a guest.
struct BareHost {
  lowmeg::NullEventSink events;
  lowmeg::memory::Backing ram = lowmeg::memory::Backing::create("bench-ram", kRamSize).value();
  lowmeg::memory::Backing rom = lowmeg::memory::Backing::create("bench-rom", lowmeg::kPageSize).value();
  std::unique_ptr<lowmeg::memory::SoftMapper> mapper = lowmeg::memory::SoftMapper::create(ram, rom).value();
  std::unique_ptr<lowmeg::get::Host> host =
      lowmeg::get::Host::create(*mapper, base_map(lowmeg::memory::Layout(kWindow), kRamSize),
                                {.ram_size = kRamSize}, events)
          .value();
};

// A paravisor that serves on CPU 1 until it is ended.
class Served {
 public:
  Served(const std::string& path, lowmeg::EventSink& events)
      : paravisor_(
            Paravisor::create(
                std::make_unique<lowmeg::get::UnixTransport>(PacketSocket::connect(path).value()), {}, events)
                .value()),
        thread_([this] {
          pin_to(1);
          while (paravisor_->serve(steady_clock::now() + std::chrono::seconds(60))) {
          }
        }) {}
  // The host has cut it.
  ~Served() { thread_.join(); }

 private:
  std::unique_ptr<Paravisor> paravisor_;
  std::thread thread_;
};

// Host and proxy at a socket, on CPU 0.
struct Split : BareHost {
  Split() { pin_to(0); }
  void power_on() {
    served.emplace(path, events);
    require(proxy.power_on().has_value());
  }
  // The one that sits there is cut, and another one comes.
  void replace() {
    seat.taken_by()->cut();
    served.reset();
    served.emplace(path, events);
  }
  ~Split() {
    if (const auto link = seat.taken_by()) link->cut();
  }

  std::string path = "/tmp/lowmeg-servicing-bench-" + std::to_string(::getpid());
  lowmeg::get::StateKeeper keeper{kRamSize, personality_of({lowmeg::bridge::kHyperv, {}})};
  lowmeg::get::ParavisorSeat seat{{}, events};
  BridgeProxy proxy{lowmeg::bridge::kHyperv, seat, *host, {.timeline = [](const TimelineEntry&) {}}};
  std::unique_ptr<lowmeg::get::UnixServer> server =
      lowmeg::get::UnixServer::listen(path, *host, events, {.parts = {.keeper = &keeper}, .seat = &seat})
          .value();
  std::optional<Served> served;
};

// The floor: 16 bytes there and 12 back, as ACCESS and DONE.
class PingPong {
 public:
  PingPong()
      : thread_([this] {
          pin_to(1);
          std::array<std::uint8_t, 16> buffer{};
          while (sockets_.second.receive(buffer, Deadline::max()) &&
                 sockets_.second.send(std::span(buffer).first(12), Deadline::max())) {
          }
        }) {}
  ~PingPong() {
    sockets_.first.shut_down();
    thread_.join();
  }
  void round_trip() {
    std::array<std::uint8_t, 16> buffer{};
    require(sockets_.first.send(buffer, Deadline::max()).has_value());
    require(sockets_.first.receive(buffer, Deadline::max()).has_value());
  }

 private:
  std::pair<PacketSocket, PacketSocket> sockets_ = PacketSocket::pair().value();
  std::thread thread_;
};

void config_read(benchmark::State& state) {
  Split split;
  split.power_on();
  PingPong floor;
  std::vector<double> raw, read;
  for (auto _ : state) {
    raw.push_back(microseconds([&] { floor.round_trip(); }));
    read.push_back(microseconds([&] { benchmark::DoNotOptimize(split.proxy.function(0).read(0)); }));
    state.SetIterationTime(read.back() * 1e-6);
  }
  state.counters["raw_us"] = quantile(raw, 0.5);
  state.counters["read_us"] = quantile(read, 0.5);
  state.counters["ratio"] = quantile(read, 0.5) / quantile(raw, 0.5);
}
BENCHMARK(config_read)->UseManualTime()->Iterations(20000);

// In one process: bridge, adjuster, GET and commit alone, and by way of the proxy, state and all.
void pam_write(benchmark::State& state) {
  BareHost plain, kept;
  auto client = lowmeg::get::Client::connect(std::make_unique<lowmeg::get::InProcessTransport>(*plain.host),
                                             plain.events)
                    .value();
  lowmeg::hyperv::GetBackedAdjuster adjuster(*client, 0, kRamSize - (1 << 20), plain.events);
  lowmeg::bridge::HypervBridge bridge(lowmeg::bridge::kHyperv, adjuster, plain.events);
  require(bridge.power_on().has_value());

  lowmeg::get::StateKeeper keeper(kRamSize, personality_of({lowmeg::bridge::kHyperv, {}}));
  lowmeg::get::ParavisorSeat seat(
      {.summon = [&]() -> lowmeg::Result<std::shared_ptr<lowmeg::get::ParavisorLink>> {
        auto link = InProcessLink::create(*kept.host, {.keeper = &keeper}, {}, {}, kept.events);
        if (!link) return tl::unexpected(link.error());
        return *link;
      }},
      kept.events);
  BridgeProxy proxy(lowmeg::bridge::kHyperv, seat, *kept.host, {.timeline = [](const TimelineEntry&) {}});
  require(proxy.power_on().has_value());

  std::vector<double> bare, serviced;
  const auto write = [](lowmeg::bridge::ConfigFunction& function, std::uint32_t value) {
    return microseconds(
        [&] { require(function.write(kPam, value, lowmeg::bridge::ByteEnables::all()).has_value()); });
  };
  std::uint32_t value = 0x33333333;
  for (auto _ : state) {
    bare.push_back(write(bridge, value));
    serviced.push_back(write(proxy.function(0), value));
    state.SetIterationTime(serviced.back() * 1e-6);
    value ^= 0x22222222;
  }
  state.counters["bare_us"] = quantile(bare, 0.5);
  state.counters["serviced_us"] = quantile(serviced, 0.5);
  state.counters["added_us"] = quantile(serviced, 0.5) - quantile(bare, 0.5);
}
BENCHMARK(pam_write)->UseManualTime()->Iterations(5000);

// From the moment in which a paravisor is cut to the answer of its successor to the next access.
void restart(benchmark::State& state) {
  Split split;
  split.power_on();
  const auto asked = split.host->counters().requests();
  std::vector<double> times;
  for (auto _ : state) {
    times.push_back(microseconds([&] {
      split.replace();
      benchmark::DoNotOptimize(split.proxy.function(0).read(0));
    }));
    state.SetIterationTime(times.back() * 1e-6);
  }
  require(split.host->counters().requests() == asked);
  state.counters["median_us"] = quantile(times, 0.5);
  state.counters["p99_us"] = quantile(times, 0.99);
}
BENCHMARK(restart)->UseManualTime()->Iterations(500);

}  // namespace
}  // namespace vmm
