// A machine for the SMP guest (guest/smp): CPUs on KVM, memory that a scenario takes from under them, and
// what came of it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "vmm/cpu_kvm/kvm_cpus.hpp"

namespace lowmeg::test {

/// The states of guest/smp, by the bits WE RE of a PAM field.
enum SmpState : std::uint8_t { kRom = 0, kReadOnly = 1, kWriteOnly = 2, kReadWrite = 3 };

enum class Pausing { kOn, kOff };

/// How the mapper keeps the CPUs from seeing a change half made.
struct SmpWay {
  kvm::MapWay map = kvm::MapWay::kProtect;
  kvm::Stillness stillness = kvm::Stillness::kAuto;
};

/// What changes, and how often. `map` and `state` are of the time after that many changes.
struct SmpScenario {
  unsigned cpus = 2;
  unsigned flips = 0;
  std::function<memory::MemoryMap(unsigned flips)> map;
  std::function<SmpState(unsigned flips)> state = [](unsigned) { return kReadWrite; };
  Pausing pausing = Pausing::kOn;
  SmpWay way = {};
  /// Commits what is there at the start, in the place of map(0); null: nothing else.
  std::function<Result<void>(memory::Mapper& mapper)> prepare;
  /// What a flip is, in the place of a commit of map(n); on the flipping CPU's thread.
  std::function<Result<void>(unsigned flips)> flip;
  /// Called once the CPUs run, with a look at a CPU's rounds, and when they have ended.
  std::function<void(std::function<std::uint64_t(unsigned cpu)> rounds)> watch;
  std::function<void()> unwatch;
  /// How long it may take.
  std::chrono::minutes patience{10};
};

struct SmpOutcome {
  std::string trouble;  ///< why it ended early; empty: it did not
  unsigned flips = 0;
  std::uint64_t rounds = 0;
  std::uint64_t lost_counts = 0;  ///< counters that are not what the CPUs counted, summed
  std::uint64_t bad_reads = 0;
  std::uint64_t bad_calls = 0;
  std::uint64_t bad_memory = 0;   ///< dwords that RAM should not hold now
  std::uint64_t wrong_exits = 0;  ///< accesses that reached a device
  std::uint64_t stray_reads = 0;  ///< reads that found no slot where there should be one
  std::uint64_t bus_writes = 0;   ///< to ROM and read-only memory: they belong to the bus
  kvm::KvmMapperCounters counters;
  std::chrono::nanoseconds duration{};
};

/// RAM offsets and ROM offsets that maps for this machine may use.
inline constexpr std::uint64_t kSmpRamSize = 4u << 20;
/// A segment's second place is as far above this. It holds the same bytes: a change of place moves none.
inline constexpr std::uint64_t kSmpOtherRam = 2u << 20;
inline constexpr Gpa kSmpRomStart = 0xc0000;  ///< the ROM's first byte belongs to this address
inline constexpr GpaRange kSmpWindow{0, 2u << 20};

/// Routes of a segment in a state: RAM at its own address, or in its second place.
memory::Routes smp_routes(Gpa segment, SmpState state, std::uint64_t ram_base = 0);

/// Why there is no KVM to run on, if so.
Result<void> kvm_usable();

/// Runs a scenario to its end.
Result<SmpOutcome> run_smp(const SmpScenario& scenario);

}  // namespace lowmeg::test
