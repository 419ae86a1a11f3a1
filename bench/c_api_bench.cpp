// What the C interface costs over the C++ one, which is the floor: a config read, and a config write that
// changes a segment's state and so calls back.
#include <benchmark/benchmark.h>
#include <lowmeg/lowmeg.h>

#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"

namespace {

using namespace lowmeg;

class CountingAdjuster final : public AdjustGpaRanges {
 public:
  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    count += changes.size();
    return {};
  }
  std::size_t count = 0;
};

struct Cpp {
  Cpp() {
    ports.place(0, 0, bridge);
    (void)bridge.power_on();
    (void)ports.write(0xcf8, 4, 0x8000005c);
  }
  std::uint32_t read() { return ports.read(0xcfc, 4); }
  void write(std::uint32_t value) { (void)ports.write(0xcfc, 4, value); }

  NullEventSink events;
  CountingAdjuster adjuster;
  bridge::HypervBridge bridge{bridge::kHyperv, adjuster, events};
  bridge::ConfigPorts ports;
};

struct C {
  C() {
    lowmeg_bridge_config config{};
    config.size = sizeof(config);
    config.identity = LOWMEG_HYPERV;
    config.below_context = &count;
    config.adjust = [](void* context, const lowmeg_change*, std::size_t changes) {
      *static_cast<std::size_t*>(context) += changes;
      return std::int32_t{0};
    };
    lowmeg_bridge_create(&config, &bridge);
    lowmeg_bridge_power_on(bridge);
    lowmeg_ports_create(LOWMEG_DWORDS_ALONE, &ports);
    lowmeg_ports_attach(ports, bridge);
    lowmeg_ports_write(ports, 0xcf8, 4, 0x8000005c);
  }
  ~C() {
    lowmeg_ports_close(ports);
    lowmeg_bridge_close(bridge);
  }
  std::uint32_t read() {
    std::uint32_t value = 0;
    lowmeg_ports_read(ports, 0xcfc, 4, &value);
    return value;
  }
  void write(std::uint32_t value) { lowmeg_ports_write(ports, 0xcfc, 4, value); }

  std::size_t count = 0;
  lowmeg_bridge* bridge = nullptr;
  lowmeg_ports* ports = nullptr;
};

template <typename Side>
void read(benchmark::State& state) {
  Side side;
  for (auto _ : state) benchmark::DoNotOptimize(side.read());
}

template <typename Side>
void change(benchmark::State& state) {
  Side side;
  std::uint32_t value = 0;
  for (auto _ : state) side.write(value ^= 0x30000000);
}

BENCHMARK(read<Cpp>);
BENCHMARK(read<C>);
BENCHMARK(change<Cpp>);
BENCHMARK(change<C>);

}  // namespace
