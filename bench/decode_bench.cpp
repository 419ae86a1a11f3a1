// What a change of PAM costs when the chip decides: address decode, diff and the page tables of the software
// CPU.
//
// The number of views that differ counts: one with SMM off, two with SMRAM enabled, three when VGA is on AGP
// as well. The floor, measured in the same run: storing the three pointers of each of the 64 pages from C0000
// to FFFFF.
#include <benchmark/benchmark.h>

#include "bench/floor.hpp"
#include "lowmeg/decode/map_committer.hpp"
#include "lowmeg/memory/soft_mapper.hpp"

namespace lowmeg {
namespace {

using decode::AddressDecoder;

constexpr std::uint64_t kRamSize = 64ull << 20;
constexpr std::uint64_t kRomSize = 128ull << 10;

// A PC of 64 MiB: ROM below 1 MiB and below 4 GiB, devices at VGA and below the ROM, nobody elsewhere.
decode::BusMap pc_bus() {
  constexpr Gpa kTop = decode::kWindow.end();
  const memory::Region rows[] = {
      {{0, 0xa0000}, memory::open_routes()},           {{0xa0000, 0xc0000}, memory::bus_routes()},
      {{0xc0000, 0xe0000}, memory::open_routes()},     {{0xe0000, 0x100000}, memory::rom_routes(0)},
      {{0x100000, 0xfec00000}, memory::open_routes()}, {{kTop - kRomSize, kTop}, memory::rom_routes(0)},
  };
  return {memory::Layout(decode::kWindow, rows), memory::Layout(decode::kWindow)};
}

// The registers with `views` that differ.
DecodeRegisters registers_of(std::int64_t views) {
  DecodeRegisters registers;
  registers.drb7 = kRamSize >> 23;
  registers.smram = views >= 2 ? 0x0a : 0x02;
  registers.nbxcfg = views >= 3 ? 0x600 : 0x200;
  registers.apbase = 0xe0000000;
  return registers;
}

using Pam = std::array<std::uint8_t, 7>;

constexpr Pam kLocked{0x10, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
constexpr Pam kShadowed{0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33};

// Neighbours differ, so that each segment is a region of its own.
constexpr Pam kMixed{0x10, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31};
constexpr Pam kMixedOther{0x30, 0x13, 0x13, 0x13, 0x13, 0x13, 0x13};

// The whole way, back and forth.
void change_13_segments(benchmark::State& state, const Pam& a, const Pam& b) {
  memory::Backing ram = *memory::Backing::create("bench-ram", kRamSize);
  const memory::Backing rom = *memory::Backing::create("bench-rom", kRomSize);
  const auto mapper = std::move(*memory::SoftMapper::create(ram, rom));
  decode::MapCommitter committer(AddressDecoder(pc_bus(), kRamSize), *mapper);
  DecodeRegisters registers = registers_of(state.range(0));
  if (!committer.changed(registers, Apply::kForced)) std::abort();
  bool lock = false;
  for (auto _ : state) {
    lock = !lock;
    registers.pam = lock ? a : b;
    benchmark::DoNotOptimize(committer.changed(registers, Apply::kDelta).has_value());
  }
}
BENCHMARK_CAPTURE(change_13_segments, alike, kLocked, kShadowed)->ArgName("views")->DenseRange(1, 3);
BENCHMARK_CAPTURE(change_13_segments, mixed, kMixed, kMixedOther)->ArgName("views")->DenseRange(1, 3);

void decode_of_pam_alone(benchmark::State& state) {
  const AddressDecoder decoder(pc_bus(), kRamSize);
  const memory::MemoryMap base = decoder.base(registers_of(state.range(0)));
  bool lock = false;
  for (auto _ : state) {
    lock = !lock;
    benchmark::DoNotOptimize(decoder.with_pam(base, lock ? kLocked : kShadowed));
  }
}
BENCHMARK(decode_of_pam_alone)->ArgName("views")->DenseRange(1, 3);

void decode_of_all_registers(benchmark::State& state) {
  const AddressDecoder decoder(pc_bus(), kRamSize);
  DecodeRegisters registers = registers_of(state.range(0));
  registers.pam = kLocked;
  for (auto _ : state) benchmark::DoNotOptimize(decoder.decode(registers));
}
BENCHMARK(decode_of_all_registers)->ArgName("views")->DenseRange(1, 3);

BENCHMARK(floor_64_pages_of_pointers);

}  // namespace
}  // namespace lowmeg
