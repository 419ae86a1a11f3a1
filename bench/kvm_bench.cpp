// What a change of guest memory costs on KVM, against the floor: the same system calls made again, recorded
// from the mapper's own commit, in the same pause where it needed one. Floor and mapper take turns in the
// same run; the counters are microseconds for one change, their ratio, and the slot ioctls of a whole cycle.
// They are lower quartiles: where the host has other work, its scheduler adds milliseconds to a pause.
//
// The vCPUs that run meanwhile count in ring 3, and each has been seen to since the change before. Guest RAM
// is not touched but where they run, so a swap here finds no page of the segment in use.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <semaphore>
#include <thread>
#include <vector>

#include "lowmeg/core/pam.hpp"
#include "lowmeg/kvm/kvm_mapper.hpp"
#include "tests/fakes/forwarding_syscalls.hpp"
#include "tests/fakes/long_mode.hpp"
#include "vmm/cpu_kvm/kvm_cpus.hpp"

namespace lowmeg {
namespace {

using kvm::KvmMapper;
using memory::MemoryMap;
using memory::Region;
using memory::Route;
using memory::Routes;
using std::chrono::steady_clock;
using vmm::KvmCpus;

constexpr GpaRange kWindow{0, 1ull << 32};
constexpr std::uint64_t kRomSize = 0x40000;  // belongs to C0000-FFFFF
constexpr Gpa kCode = 0x20000, kPageTables = 0x10000, kCounters = 0x40000;
constexpr std::uint16_t kBeginPort = 0x2f0, kEndPort = 0x2f4;

// The slot and mapping calls of one commit, to be made again as they were.
class RecordedCalls {
 public:
  void slot(int fd, const kvm_userspace_memory_region& region) {
    calls_.emplace_back([fd, region] {
      kvm_userspace_memory_region copy = region;
      return kvm::ioctl(kvm::Syscalls::system(), fd, KVM_SET_USER_MEMORY_REGION, copy) == 0;
    });
  }
  void map(void* address, std::size_t size, int protection, int flags, int fd, std::uint64_t offset) {
    calls_.emplace_back([=] {
      return kvm::Syscalls::system().mmap(address, size, protection, flags, fd, offset) != MAP_FAILED;
    });
  }
  void protect(void* address, std::size_t size, int protection) {
    calls_.emplace_back([=] { return kvm::Syscalls::system().mprotect(address, size, protection) == 0; });
  }
  // SAFETY: what the mapper did before, in the same state of the slots and of its window.
  void make_again() const {
    for (const auto& call : calls_) {
      if (!call()) std::abort();
    }
  }

 private:
  std::vector<std::function<bool()>> calls_;
};

class RecordingSyscalls final : public fakes::ForwardingSyscalls {
 public:
  void record_to(RecordedCalls* calls) { calls_ = calls; }

  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    if (calls_ && request == KVM_SET_USER_MEMORY_REGION) {
      // SAFETY: this request's argument.
      calls_->slot(fd, *reinterpret_cast<const kvm_userspace_memory_region*>(argument));
    }
    return system().ioctl(fd, request, argument);
  }
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    if (calls_) calls_->map(address, size, protection, flags, fd, offset);
    return system().mmap(address, size, protection, flags, fd, offset);
  }
  int mprotect(void* address, std::size_t size, int protection) override {
    if (calls_) calls_->protect(address, size, protection);
    return system().mprotect(address, size, protection);
  }

 private:
  RecordedCalls* calls_ = nullptr;
};

enum class Guest { kCounts, kReads, kWrites };

class Setting final : vmm::VcpuExits {
 public:
  Setting(std::uint64_t ram_size, unsigned cpus, kvm::MapWay way = kvm::MapWay::kProtect,
          Guest guest = Guest::kCounts)
      : ram_(memory::Backing::create("bench-ram", ram_size).value()),
        running_(guest == Guest::kWrites ? 0 : cpus) {
    cpus_ = KvmCpus::create({.cpus = std::max(cpus, 1u), .vm = *vm_, .exits = *this}).value();
    kvm::KvmMapperConfig config;
    config.vm_fd = vm_->fd();
    config.window = kWindow;
    config.memory = kvm::GuestMemory::of(ram_, rom_);
    config.way = way;
    config.vcpus = std::max(cpus, 1u);
    mapper_ = KvmMapper::create(config, *cpus_, syscalls_).value();
    place(guest);
    commit(map(PamStates{}));
    if (cpus != 0 && !cpus_->start(*mapper_)) std::abort();
  }
  ~Setting() override {
    next_.release();
    stopping_ = true;
    cpus_->stop();
  }

  /// The chip's way: ROM at E0000-FFFFF, nobody at C0000-DFFFF; RAM elsewhere but the VGA window.
  MemoryMap map(const PamStates& states) const {
    std::vector<Region> regions{{GpaRange(0, 0xa0000), memory::ram_routes(0)},
                                {GpaRange(0xf0000, 0x100000), routes(0xf0000, states[0])},
                                {GpaRange(0x100000, ram_.size()), memory::ram_routes(0x100000)}};
    for (std::size_t i = 1; i < kPamSegmentCount; ++i)
      regions.push_back({kPamSegments[i], routes(kPamSegments[i].start(), states[i])});
    std::ranges::sort(regions, {}, [](const Region& region) { return region.range.start(); });
    return MemoryMap::uniform(memory::Layout(kWindow, regions));
  }
  void commit(const MemoryMap& map) {
    if (!mapper_->commit(map)) std::abort();
  }
  RecordedCalls record(const MemoryMap& map) {
    RecordedCalls calls;
    syscalls_.record_to(&calls);
    commit(map);
    syscalls_.record_to(nullptr);
    return calls;
  }
  /// Returns when every vCPU has been seen to run.
  void let_all_run() {
    for (std::uint64_t cpu = 0; cpu < running_; ++cpu) {
      // SAFETY: within RAM and aligned; the guest counts it as one word.
      std::atomic_ref counter(*reinterpret_cast<std::uint64_t*>(&ram_.bytes()[kCounters + cpu * kPageSize]));
      const std::uint64_t before = counter.load();
      while (counter.load() == before) std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
  KvmMapper& mapper() { return *mapper_; }
  KvmCpus& cpus() { return *cpus_; }
  /// One run of the writing guest, between its two OUTs.
  std::chrono::nanoseconds write_once() {
    next_.release();
    done_.acquire();
    return end_ - begin_;
  }

 private:
  static Routes routes(Gpa start, GpaState state) {
    const Route ram = Route::ram(start);
    const Route pci = start >= 0xe0000 ? Route::rom(start - 0xc0000) : Route::open();
    const Route none = start >= 0xe0000 ? Route::bus() : Route::drop();
    const bool reads = state == GpaState::kWriteProtected || state == GpaState::kWritable;
    const bool writes = state == GpaState::kWriteOnly || state == GpaState::kWritable;
    return {reads ? ram : pci, writes ? ram : none, reads ? ram : pci};
  }
  void place(Guest guest) {
    // inc qword [rdi]; jmp $-3; and: mov dx, begin; out dx, eax; mov edi, e0000; mov ecx, 2048; rep stosd;
    // mov dx, end; out; jmp
    const std::vector<std::uint8_t> count{0x48, 0xff, 0x07, 0xeb, 0xfb};
    const std::vector<std::uint8_t> write{0x66, 0xba, 0xf0, 0x02, 0xef, 0xbf, 0,    0,
                                          0x0e, 0x00, 0xb9, 0x00, 0x08, 0,    0,    0xf3,
                                          0xab, 0x66, 0xba, 0xf4, 0x02, 0xef, 0xeb, 0xe8};
    // again: mov esi, c0000; next: mov eax, [rsi]; add esi, 1000h; inc qword [rdi]; cmp esi, 100000h; jb
    // next; jmp again
    const std::vector<std::uint8_t> read{0xbe, 0,    0,    0x0c, 0,    0x8b, 0x06, 0x81, 0xc6,
                                         0,    0x10, 0,    0,    0x48, 0xff, 0x07, 0x81, 0xfe,
                                         0,    0,    0x10, 0,    0x72, 0xed, 0xeb, 0xe6};
    const auto& code = guest == Guest::kCounts ? count : guest == Guest::kReads ? read : write;
    std::ranges::copy(code, &ram_.bytes()[kCode]);
    fakes::write_page_tables(ram_.bytes(), kPageTables);
    for (unsigned cpu = 0; cpu < cpus_->count(); ++cpu) {
      auto registers = cpus_->registers(cpu).value();
      fakes::enter_long_mode(registers, kPageTables, kCode, 0x30000);
      registers.general.rdi = kCounters + cpu * kPageSize;
      if (!cpus_->set_registers(cpu, registers)) std::abort();
    }
  }

  std::uint32_t io_in(std::uint16_t, unsigned) override { return ~0u; }
  void io_out(std::uint16_t port, unsigned, std::uint32_t) override {
    if (port == kEndPort) {
      end_ = steady_clock::now();
      done_.release();
    } else if (port == kBeginPort && !stopping_) {
      next_.acquire();
      begin_ = steady_clock::now();
    }
  }
  void mmio_read(Gpa, std::span<std::uint8_t>) override {}
  void mmio_write(Gpa, std::span<const std::uint8_t>) override {}

  memory::Backing ram_;
  memory::Backing rom_ = memory::Backing::create("bench-rom", kRomSize).value();
  std::unique_ptr<vmm::KvmVm> vm_ = vmm::KvmVm::create().value();
  RecordingSyscalls syscalls_;
  std::unique_ptr<KvmCpus> cpus_;
  std::unique_ptr<KvmMapper> mapper_;
  std::counting_semaphore<> next_{0}, done_{0};
  std::atomic<bool> stopping_{false};
  steady_clock::time_point begin_, end_;
  const unsigned running_;  // vCPUs that count
};

double quartile(std::vector<double> values) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// Of `work`, which is done while the vCPUs run.
template <typename Work>
double timed(Setting& setting, Work work) {
  setting.let_all_run();
  const auto start = steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(steady_clock::now() - start).count();
}

// One commit of a cycle, and the calls that it made.
struct Step {
  MemoryMap map;
  RecordedCalls calls;
  bool is_paused;
};

// The cycle's maps in turn, the last of which is in place when it begins.
std::vector<Step> record_cycle(Setting& setting, const std::vector<PamStates>& cycle) {
  std::vector<Step> steps;
  for (const PamStates& states : cycle) {
    const auto pauses = setting.mapper().counters().pauses;
    MemoryMap map = setting.map(states);
    RecordedCalls calls = setting.record(map);
    steps.push_back({std::move(map), std::move(calls), setting.mapper().counters().pauses != pauses});
  }
  return steps;
}

void floor_step(Setting& setting, const Step& step) {
  if (step.is_paused && !setting.cpus().pause()) std::abort();
  step.calls.make_again();
  if (step.is_paused) setting.cpus().resume();
}

void against_floor(benchmark::State& state, const std::vector<PamStates>& cycle) {
  const auto way = state.range(2) == 0 ? kvm::MapWay::kProtect : kvm::MapWay::kSlots;
  Setting setting(static_cast<std::uint64_t>(state.range(0)) << 20, static_cast<unsigned>(state.range(1)),
                  way);
  setting.commit(setting.map(cycle.back()));
  record_cycle(setting, cycle);  // the first time places what later cycles find
  const auto before = setting.mapper().counters();
  const std::vector<Step> steps = record_cycle(setting, cycle);
  const auto after = setting.mapper().counters();
  std::vector<double> floor, mapper;
  for (auto _ : state) {
    double floor_cycle = 0, mapper_cycle = 0;
    for (const Step& step : steps) floor_cycle += timed(setting, [&] { floor_step(setting, step); });
    for (const Step& step : steps) mapper_cycle += timed(setting, [&] { setting.commit(step.map); });
    floor.push_back(floor_cycle);
    mapper.push_back(mapper_cycle);
    state.SetIterationTime(mapper.back() * 1e-6);
  }
  const auto changes = static_cast<double>(cycle.size());
  state.counters["floor_us"] = quartile(floor) / changes;
  state.counters["mapper_us"] = quartile(mapper) / changes;
  state.counters["ratio"] = quartile(mapper) / quartile(floor);
  state.counters["ioctls"] = static_cast<double>(after.slot_calls - before.slot_calls);
  state.counters["mprotects"] = static_cast<double>(after.protections - before.protections);
  state.counters["swaps"] = static_cast<double>(after.swaps - before.swaps);
  state.counters["pauses"] = static_cast<double>(after.pauses - before.pauses);
}

PamStates all(GpaState state) {
  PamStates states;
  states.fill(state);
  return states;
}

PamStates one(GpaState state, std::size_t segment = 9) {  // E0000-E3FFF
  PamStates states{};
  states[segment] = state;
  return states;
}

// SeaBIOS 1.16.2 with a 128 KiB image: unlock by 58h and 5Ch, lock by 58h and 5Ch, and a reset.
std::vector<PamStates> seabios() {
  return {decode_pam({0x33333010, 0}), decode_pam({0x33333010, 0x33333333}),
          decode_pam({0x11111010, 0x33333333}), decode_pam({0x11111010, 0x31111111}), PamStates{}};
}

// What one delete and one create for each segment that changes would need.
double per_segment_ioctls(const std::vector<PamStates>& cycle) {
  double count = 0;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const PamStates& before = cycle[(i + cycle.size() - 1) % cycle.size()];
    for (std::size_t segment = 0; segment < kPamSegmentCount; ++segment)
      count += before[segment] == cycle[i][segment] ? 0 : 2;
  }
  return count;
}

void pause_alone(benchmark::State& state) {
  Setting setting(static_cast<std::uint64_t>(state.range(0)) << 20, static_cast<unsigned>(state.range(1)));
  std::vector<double> times;
  for (auto _ : state) {
    times.push_back(timed(setting, [&] {
      if (!setting.cpus().pause()) std::abort();
      setting.cpus().resume();
    }));
    state.SetIterationTime(times.back() * 1e-6);
  }
  state.counters["pause_us"] = quartile(times);
}
void one_read_write_to_read_only(benchmark::State& state) {
  against_floor(state, {one(GpaState::kWriteProtected), one(GpaState::kWritable)});
}
void all_13_read_write_to_read_only(benchmark::State& state) {
  against_floor(state, {all(GpaState::kWriteProtected), all(GpaState::kWritable)});
}
void one_rom_to_read_only(benchmark::State& state) {
  against_floor(state, {one(GpaState::kWriteProtected), one(GpaState::kMmio)});
}
void one_read_only_to_write_only(benchmark::State& state) {
  against_floor(state, {one(GpaState::kWriteOnly), one(GpaState::kWriteProtected)});
}
void seabios_four_writes(benchmark::State& state) {
  against_floor(state, seabios());
  state.counters["per_segment_ioctls"] = per_segment_ioctls(seabios());
}

double quantile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

// One change after the other, while a vCPU reads the window all the time: what the caller waits for.
void changes_under_load(benchmark::State& state) {
  const auto way = state.range(0) == 0 ? kvm::MapWay::kProtect : kvm::MapWay::kSlots;
  Setting setting(64u << 20, 1, way, Guest::kReads);
  const GpaState other = state.range(1) == 0 ? GpaState::kWriteProtected : GpaState::kMmio;
  const MemoryMap maps[] = {setting.map(all(GpaState::kWritable)), setting.map(all(other))};
  setting.commit(maps[0]);
  setting.let_all_run();
  std::vector<double> times;
  for (auto _ : state) {
    const auto start = steady_clock::now();
    setting.commit(maps[(times.size() + 1) % 2]);
    times.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
    state.SetIterationTime(times.back() * 1e-6);
  }
  std::ranges::sort(times);
  state.counters["median_us"] = quantile(times, 0.5);
  state.counters["p99_us"] = quantile(times, 0.99);
  const auto counters = setting.mapper().counters();
  state.counters["fences"] = static_cast<double>(counters.fences);
  state.counters["pauses"] = static_cast<double>(counters.pauses);
}

void write_only_2048_dwords(benchmark::State& state) {
  Setting setting(static_cast<std::uint64_t>(state.range(0)) << 20, 1, kvm::MapWay::kProtect, Guest::kWrites);
  setting.commit(setting.map(one(GpaState::kWriteOnly)));
  std::vector<double> times;
  for (auto _ : state) {
    const auto time = setting.write_once();
    times.push_back(std::chrono::duration<double, std::micro>(time).count());
    state.SetIterationTime(times.back() * 1e-6);
  }
  state.counters["us_each"] = quartile(times) / 2048;
}

// MiB of RAM, vCPUs that run meanwhile, and by protection or by slots.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"MiB", "running", "slots"})
      ->ArgsProduct({{64, 3072}, {0, 1, 3}, {0, 1}})
      ->UseManualTime()
      ->Iterations(150);
}
void pause_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"MiB", "running"})->ArgsProduct({{64}, {0, 1, 3}})->UseManualTime()->Iterations(150);
}
BENCHMARK(pause_alone)->Apply(pause_sizes);
BENCHMARK(one_read_write_to_read_only)->Apply(sizes);
BENCHMARK(all_13_read_write_to_read_only)->Apply(sizes);
BENCHMARK(one_rom_to_read_only)->Apply(sizes);
BENCHMARK(one_read_only_to_write_only)->Apply(sizes);
BENCHMARK(seabios_four_writes)->Apply(sizes);
BENCHMARK(changes_under_load)
    ->ArgNames({"slots", "rom"})
    ->ArgsProduct({{0, 1}, {0, 1}})
    ->UseManualTime()
    ->Iterations(10000);
BENCHMARK(write_only_2048_dwords)->ArgName("MiB")->Arg(64)->Arg(3072)->UseManualTime()->Iterations(300);

}  // namespace
}  // namespace lowmeg
