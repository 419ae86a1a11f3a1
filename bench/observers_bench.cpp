// What --trace and --map cost a boot of SeaBIOS on the software CPU, files included (aim: 5 % at most). The
// floor is the same boot without them.
#include <benchmark/benchmark.h>

#include "cli/trace/chrome_trace.hpp"
#include "cli/trace/map_page.hpp"
#include "cli/trace/recorder.hpp"
#include "vmm/firmware.hpp"
#include "vmm/machine.hpp"

namespace {

vmm::MachineConfig config() {
  vmm::MachineConfig config;
  config.memory.firmware = vmm::load_firmware("/usr/share/seabios/bios.bin").value();
  config.timing = vmm::Timing::kDeterministic;
  return config;
}

void boot(benchmark::State& state, bool observed) {
  const vmm::MachineConfig machine_config = config();
  lowmeg::NullEventSink events;
  std::size_t bytes = 0, changes = 0;
  for (auto _ : state) {
    cli::TraceRecorder recorder;
    vmm::MachineListeners listeners{events, [](char) {},
                                    [&](const vmm::TimelineEntry&, std::uint64_t) { ++changes; }};
    if (observed) listeners.trace = [&](const vmm::TraceEvent& event) { recorder.record(event); };
    auto machine = vmm::Machine::create(machine_config, std::move(listeners)).value();
    if (machine->run().kind != vmm::Outcome::Kind::kUntil) state.SkipWithError("no boot");
    if (!observed) continue;
    bytes += cli::chrome_trace(recorder.events(), recorder.lost(), "boot").size();
    bytes += cli::map_page(recorder.events(), {"boot", machine->clock().now_ns(), recorder.lost()}).size();
  }
  state.counters["changes"] =
      benchmark::Counter(static_cast<double>(changes), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kAvgIterations);
}

void plain(benchmark::State& state) {
  boot(state, false);
}
void observed(benchmark::State& state) {
  boot(state, true);
}
BENCHMARK(plain)->Unit(benchmark::kMillisecond);
BENCHMARK(observed)->Unit(benchmark::kMillisecond);

}  // namespace
