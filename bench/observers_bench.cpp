// What --trace and --map cost a boot of SeaBIOS on the software CPU, files' texts included (aim: 5 % at
// most). The floor is the same boot without them, in pairs with it: on a machine with other work the CPU time
// of two boots side by side drifts alike, and the least of many is what the boot itself takes.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "cli/trace/chrome_trace.hpp"
#include "cli/trace/map_page.hpp"
#include "cli/trace/recorder.hpp"
#include "vmm/firmware.hpp"
#include "vmm/machine.hpp"

namespace {

constexpr int kPairs = 15;

double cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

enum class Watched { kNo, kYes };

struct Boot {
  double ms = 0;  // of CPU time
  std::size_t events = 0, bytes = 0;
};

Boot boot(const vmm::MachineConfig& config, Watched watched) {
  lowmeg::NullEventSink events;
  cli::TraceRecorder recorder;
  const double begin = cpu_ms();
  vmm::MachineListeners listeners{events, [](char) {}, [](const vmm::TimelineEntry&, std::uint64_t) {}};
  if (watched == Watched::kYes)
    listeners.trace = [&](const vmm::TraceEvent& event) { recorder.record(event); };
  auto machine = vmm::Machine::create(config, std::move(listeners)).value();
  if (machine->run().kind != vmm::Outcome::Kind::kUntil) return {};
  Boot done;
  if (watched == Watched::kYes) {
    done.bytes =
        cli::chrome_trace(recorder.events(), recorder.lost(), "boot").size() +
        cli::map_page(recorder.events(), {"boot", machine->clock().now_ns(), recorder.lost()}).size();
  }
  done.ms = cpu_ms() - begin;
  done.events = recorder.events().size();
  return done;
}

// Each pair the other way round than the one before.
void trace_and_map(benchmark::State& state) {
  vmm::MachineConfig config;
  config.memory.firmware = vmm::load_firmware("/usr/share/seabios/bios.bin").value();
  config.timing = vmm::Timing::kDeterministic;
  std::vector<double> plain, watched, cost;
  Boot seen;
  for (auto _ : state) {
    const bool plain_first = plain.size() % 2 == 0;
    const Boot first = boot(config, plain_first ? Watched::kNo : Watched::kYes);
    const Boot second = boot(config, plain_first ? Watched::kYes : Watched::kNo);
    seen = plain_first ? second : first;
    if (first.ms == 0 || second.ms == 0) return state.SkipWithError("no boot");
    plain.push_back(plain_first ? first.ms : second.ms);
    watched.push_back(seen.ms);
    cost.push_back(100 * (watched.back() / plain.back() - 1));
  }
  std::ranges::nth_element(cost, cost.begin() + static_cast<std::ptrdiff_t>(cost.size() / 2));
  state.counters["plain_ms"] = std::ranges::min(plain);
  state.counters["watched_ms"] = std::ranges::min(watched);
  state.counters["cost_percent_of_least"] = 100 * (std::ranges::min(watched) / std::ranges::min(plain) - 1);
  state.counters["cost_percent_median"] = cost[cost.size() / 2];
  state.counters["events"] = static_cast<double>(seen.events);
  state.counters["bytes"] = static_cast<double>(seen.bytes);
}
BENCHMARK(trace_and_map)->Iterations(kPairs)->Unit(benchmark::kMillisecond);

}  // namespace
