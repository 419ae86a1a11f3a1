// Guest instructions per second of the software CPU, with its correction layer and without it (the floor),
// and over a whole POST of SeaBIOS where that is installed.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "vmm/firmware.hpp"
#include "vmm/machine.hpp"

namespace vmm {
namespace {

class NoInterrupts final : public InterruptAcknowledge {
 public:
  std::uint8_t acknowledge() override { return 0; }
};

// 640 KiB of RAM with a loop at 7C00h: load, add, store, count, branch.
class LoopMachine {
 public:
  explicit LoopMachine(Corrections corrections)
      : ram_(*lowmeg::memory::Backing::create("bench-ram", 0xa0000)),
        rom_(*lowmeg::memory::Backing::create("bench-rom", 0x10000)),
        mapper_(std::move(*lowmeg::memory::SoftMapper::create(ram_, rom_))),
        cpu_(CpuSoft::create({*mapper_, io_, mmio_, interrupts_}, corrections)) {
    const lowmeg::memory::Region region{lowmeg::GpaRange(0, 0xa0000), lowmeg::memory::ram_routes(0)};
    const lowmeg::memory::Layout layout(lowmeg::memory::SoftMapper::kWindow, {&region, 1});
    if (!mapper_->commit(lowmeg::memory::MemoryMap::uniform(layout))) std::abort();
    const std::uint8_t loop[] = {
        0x8b, 0x04,              // mov ax, [si]
        0x01, 0xc3,              // add bx, ax
        0x89, 0x5c, 0x02,        // mov [si + 2], bx
        0x46, 0x46,              // inc si; inc si
        0x81, 0xe6, 0xff, 0x0f,  // and si, 0fffh
        0x49, 0x75, 0xf0,        // dec cx; jnz
        0xeb, 0xee,              // jmp
    };
    std::copy(std::begin(loop), std::end(loop), ram_.bytes().begin() + 0x7c00);
    CpuState state = cpu_->state();
    state.segment[kCs].selector = 0;
    state.segment[kCs].base = 0;
    state.eip = 0x7c00;
    cpu_->set_state(state);
  }

  void run(std::uint64_t instructions) { benchmark::DoNotOptimize(cpu_->run(instructions)); }

 private:
  lowmeg::memory::Backing ram_, rom_;
  std::unique_ptr<lowmeg::memory::SoftMapper> mapper_;
  IoBus io_;
  MmioBus mmio_;
  NoInterrupts interrupts_;
  std::unique_ptr<CpuSoft> cpu_;
};

constexpr std::uint64_t kInstructions = 100000;

void loop(benchmark::State& state, Corrections corrections) {
  LoopMachine machine(corrections);
  for (auto _ : state) machine.run(kInstructions);
  state.SetItemsProcessed(static_cast<std::int64_t>(kInstructions) * state.iterations());
}
BENCHMARK_CAPTURE(loop, corrected, Corrections::all());
BENCHMARK_CAPTURE(loop, floor_without_corrections, Corrections::none());

void sea_bios_post(benchmark::State& state) {
  const auto firmware = load_firmware("/usr/share/seabios/bios.bin");
  if (!firmware) return state.SkipWithError("no SeaBIOS here");
  MachineConfig config;
  config.memory.firmware = *firmware;
  config.timing = Timing::kDeterministic;
  lowmeg::NullEventSink events;
  std::uint64_t instructions = 0;
  for (auto _ : state) {
    auto machine = Machine::create(config, {events, [](char) {}, [](const TimelineEntry&, std::uint64_t) {}});
    if (!machine || (*machine)->run().kind != Outcome::Kind::kUntil)
      return state.SkipWithError("the boot failed");
    instructions += (*machine)->soft()->cpu_state().instructions;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(instructions));
}
BENCHMARK(sea_bios_post)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vmm
