// What a config access costs, and what a change of all 13 segments costs down to the page tables of the
// software CPU: PAM decode, policy, slot table, layout, diff and SoftMapper, without GET in between.
//
// The floor, measured in the same run: storing the three pointers of each of the 64 pages from C0000 to
// FFFFF.
#include <benchmark/benchmark.h>

#include "bench/floor.hpp"
#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/range_slots.hpp"
#include "lowmeg/hyperv/policy.hpp"
#include "lowmeg/memory/soft_mapper.hpp"

namespace lowmeg {
namespace {

constexpr std::uint64_t kRamSize = 64ull << 20;
constexpr std::uint64_t kRomSize = 128ull << 10;
constexpr Gpa kRomBiosOffset = kRamSize - (1 << 20);

memory::MemoryMap base_map() {
  const memory::Region regions[] = {
      {GpaRange(0, 0xa0000), memory::ram_routes(0)},
      {GpaRange(0xc0000, kRamSize), memory::ram_routes(0xc0000)},
      {GpaRange((1ull << 32) - kRomSize, 1ull << 32), memory::rom_routes(0)},
  };
  return memory::MemoryMap::uniform(memory::Layout(memory::SoftMapper::kWindow, regions));
}

// The adjuster of an embedder who owns the memory map himself: Hyper-V's policy, one commit for a config
// write.
class DirectAdjuster final : public AdjustGpaRanges {
 public:
  DirectAdjuster()
      : ram_(*memory::Backing::create("bench-ram", kRamSize)),
        rom_(*memory::Backing::create("bench-rom", kRomSize)),
        mapper_(std::move(*memory::SoftMapper::create(ram_, rom_))) {
    adjust({});
  }

  Result<void> adjust(std::span<const GpaStateChange> changes) override {
    for (const GpaStateChange& change : changes) {
      const auto index = hyperv::segment_index(change.range);
      if (!index) continue;
      const auto slot = static_cast<std::uint32_t>(*index);
      slots_.reset(slot);
      const auto wanted = hyperv::wanted_override(hyperv::kSegments[*index], change.now, kRomBiosOffset);
      if (!wanted) continue;
      const std::uint64_t flags = wanted->access == hyperv::Access::kReadOnly ? get::wire::kFlagRomMb : 0;
      slots_.create({slot, wanted->range.start(), wanted->range.size(), wanted->gpa_offset, flags});
    }
    return mapper_->commit(slots_.overlaid(base_));
  }

 private:
  memory::Backing ram_, rom_;
  memory::MemoryMap base_ = base_map();
  std::unique_ptr<memory::SoftMapper> mapper_;
  get::RangeSlots slots_{{.ram_size = kRamSize}};
};

struct Chain {
  Chain() {
    ports.place(0, 0, bridge);
    if (!bridge.power_on()) std::abort();
  }
  DirectAdjuster adjuster;
  NullEventSink events;
  bridge::HypervBridge bridge{bridge::kI440fx, adjuster, events};
  bridge::ConfigPorts ports;
};

void config_read(benchmark::State& state) {
  Chain chain;
  chain.ports.set_address(0x80000058);
  for (auto _ : state) benchmark::DoNotOptimize(chain.ports.read(0xcfd, 1));
}
BENCHMARK(config_read);

void pam_write_that_changes_nothing(benchmark::State& state) {
  Chain chain;
  chain.ports.set_address(0x8000005c);
  for (auto _ : state) benchmark::DoNotOptimize(chain.ports.write(0xcfc, 4, 0).has_value());
}
BENCHMARK(pam_write_that_changes_nothing);

// All 13 at once, as the forced apply of a reset or the decode of both dwords has them.
void all_13_segments(benchmark::State& state) {
  DirectAdjuster adjuster;
  std::array<GpaStateChange, kPamSegmentCount> changes;
  const PamStates locked = decode_pam({0x11111010, 0x11111111});
  const PamStates open = decode_pam({0x33333010, 0x33333333});
  bool lock = false;
  for (auto _ : state) {
    lock = !lock;
    const PamStates now =
        decode_pam(lock ? PamDwords{0x11111010, 0x11111111} : PamDwords{0x33333010, 0x33333333});
    const std::size_t count = pam_changes(lock ? open : locked, now, Apply::kDelta, changes);
    benchmark::DoNotOptimize(adjuster.adjust(std::span(changes).first(count)).has_value());
  }
}
BENCHMARK(all_13_segments);

// The same by two config writes, each with a commit of its own.
void all_13_segments_in_two_config_writes(benchmark::State& state) {
  Chain chain;
  bool lock = false;
  for (auto _ : state) {
    lock = !lock;
    chain.ports.set_address(0x80000058);
    benchmark::DoNotOptimize(chain.ports.write(0xcfc, 4, lock ? 0x11111010 : 0x33333010).has_value());
    chain.ports.set_address(0x8000005c);
    benchmark::DoNotOptimize(chain.ports.write(0xcfc, 4, lock ? 0x11111111 : 0x33333333).has_value());
  }
}
BENCHMARK(all_13_segments_in_two_config_writes);

BENCHMARK(floor_64_pages_of_pointers);

}  // namespace
}  // namespace lowmeg
