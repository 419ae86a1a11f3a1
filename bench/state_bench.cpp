// What it costs to take adjuster and bridge out as bytes, and to bring them up from bytes again. The counter
// is the size of both states together.
//
// The floor, measured in the same run: copying the two structures.
#include <benchmark/benchmark.h>

#include "lowmeg/state/restore.hpp"
#include "tests/fakes/get_rig.hpp"

namespace lowmeg {
namespace {

using benchmark::State;

// After POST: the system BIOS shadowed and locked, the VGA BIOS's scratch in place.
struct Paravisor {
  Paravisor() {
    const auto all = bridge::ByteEnables::all();
    const bool done = bridge.power_on() && bridge.write(0x58, 0x33331003, all) &&
                      bridge.write(0x5c, 0x11111111, all) && bridge.write(0xd0, 0xdeadbeef, all) &&
                      bridge.write(0x70, 0x00180000, all) && bridge.write(0x04, 0x00000107, all);
    if (!done) std::abort();
  }
  void count_bytes(State& state) const {
    const state::SavedChipset saved = state::save(adjuster, bridge);
    state.counters["bytes"] = static_cast<double>(saved.adjuster.size() + saved.bridge.size());
  }

  fakes::GetRig rig;
  hyperv::SharedAdjuster adjuster{
      hyperv::GetBackedAdjuster(*rig.client, 0, fakes::GetRig::kRomBiosOffset, rig.events)};
  bridge::HypervBridge bridge{bridge::kHyperv, adjuster, rig.events};
};

void save(State& state) {
  const Paravisor paravisor;
  for (auto _ : state) benchmark::DoNotOptimize(state::save(paravisor.adjuster, paravisor.bridge));
  paravisor.count_bytes(state);
}
BENCHMARK(save);

// Decode, accept, adjuster, bridge; silent, so without the host.
void restore(State& state) {
  Paravisor paravisor;
  const state::SavedChipset saved = state::save(paravisor.adjuster, paravisor.bridge);
  paravisor.rig.wire.sent.clear();
  for (auto _ : state) {
    if (!state::restore(saved, paravisor.adjuster, paravisor.bridge)) std::abort();
  }
  if (!paravisor.rig.wire.sent.empty()) state.SkipWithError("the restore was not silent");
  paravisor.count_bytes(state);
}
BENCHMARK(restore);

void floor_copy_of_both_states(State& state) {
  const Paravisor paravisor;
  for (auto _ : state) {
    benchmark::DoNotOptimize(paravisor.adjuster.state());
    benchmark::DoNotOptimize(paravisor.bridge.state());
  }
}
BENCHMARK(floor_copy_of_both_states);

}  // namespace
}  // namespace lowmeg
