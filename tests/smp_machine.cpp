#include "tests/smp_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "guest/smp/layout.h"
#include "lowmeg/core/invariant.hpp"
#include "lowmeg/kvm/capabilities.hpp"
#include "tests/fakes/forwarding_syscalls.hpp"
#include "tests/fakes/long_mode.hpp"

namespace lowmeg::test {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint64_t kSegmentSize = 0x4000;
constexpr auto kPatience = 20s;  // for a CPU's round, on a machine that does other things as well

std::vector<std::uint8_t> guest_image() {
  std::ifstream file(LOWMEG_SMP_GUEST, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The kernel's calls; but RAM's second place is its first.
class OneRam final : public fakes::ForwardingSyscalls {
 public:
  explicit OneRam(int ram) : ram_(ram) {}
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    return system().mmap(address, size, protection, flags, fd, fd == ram_ ? offset % kSmpOtherRam : offset);
  }

 private:
  const int ram_;
};

class SmpMachine final : vmm::VcpuExits, kvm::PauseVcpus {
 public:
  static Result<std::unique_ptr<SmpMachine>> create(const SmpScenario& scenario);
  SmpOutcome run();

 private:
  SmpMachine(const SmpScenario& scenario, memory::Backing ram, memory::Backing rom)
      : scenario_(scenario),
        ram_(std::move(ram)),
        rom_(std::move(rom)),
        syscalls_(ram_.fd()),
        seen_(scenario.cpus) {}
  Result<void> build();
  Result<void> place_guest();
  void flip();
  bool everybody_advanced();
  void give_up(std::string why);
  SmpOutcome results();
  std::uint64_t bad_memory(unsigned cpu);

  // Guest memory that CPUs write: a word at a time, as they do.
  std::atomic_ref<std::uint64_t> word(std::uint64_t offset) {
    // SAFETY: within RAM and aligned; the guest writes it as one word.
    return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(&ram_.bytes()[offset]));
  }
  std::atomic_ref<std::uint64_t> block(unsigned cpu, std::uint64_t field) {
    return word(SMP_CPU_BLOCKS + cpu * SMP_CPU_BLOCK_SIZE + field);
  }
  std::uint32_t io_in(std::uint16_t, unsigned) override { return ~0u; }
  void io_out(std::uint16_t port, unsigned size, std::uint32_t value) override;
  void mmio_read(Gpa gpa, std::span<std::uint8_t> data) override;
  void mmio_write(Gpa gpa, std::span<const std::uint8_t> data) override;
  Result<void> pause() override;
  void resume() override;

  const SmpScenario& scenario_;
  memory::Backing ram_, rom_;
  OneRam syscalls_;
  std::unique_ptr<vmm::KvmVm> vm_;
  std::unique_ptr<vmm::KvmCpus> cpus_;
  std::unique_ptr<kvm::KvmMapper> mapper_;

  // On the flipping CPU's thread.
  unsigned flips_ = 0;
  std::vector<std::uint64_t> seen_;  // each CPU's progress just after the flip before

  std::atomic<unsigned> done_{0};
  std::atomic<std::uint64_t> wrong_exits_{0}, bus_writes_{0};
  std::string trouble_;  // on the flipping CPU's thread, read when all have ended
};

Result<std::unique_ptr<SmpMachine>> SmpMachine::create(const SmpScenario& scenario) {
  auto ram = memory::Backing::create("smp-ram", kSmpRamSize);
  if (!ram) return tl::unexpected(ram.error());
  auto rom = memory::Backing::create("smp-rom", 0x40000);
  if (!rom) return tl::unexpected(rom.error());
  std::unique_ptr<SmpMachine> machine(new SmpMachine(scenario, std::move(*ram), std::move(*rom)));
  if (auto built = machine->build(); !built) return tl::unexpected(built.error());
  return machine;
}

Result<void> SmpMachine::build() {
  auto vm = vmm::KvmVm::create();
  if (!vm) return tl::unexpected(vm.error());
  vm_ = std::move(*vm);
  auto cpus = vmm::KvmCpus::create({.cpus = scenario_.cpus, .vm = *vm_, .exits = *this});
  if (!cpus) return tl::unexpected(cpus.error());
  cpus_ = std::move(*cpus);
  kvm::KvmMapperConfig config;
  config.vm_fd = vm_->fd();
  config.window = kSmpWindow;
  config.memory = kvm::GuestMemory::of(ram_, rom_);
  config.vcpus = scenario_.cpus;
  config.way = scenario_.way.map;
  config.stillness = scenario_.way.stillness;
  auto mapper = kvm::KvmMapper::create(config, *this, syscalls_);
  if (!mapper) return tl::unexpected(mapper.error());
  mapper_ = std::move(*mapper);
  return place_guest();
}

Result<void> SmpMachine::place_guest() {
  const auto image = guest_image();
  LOWMEG_INVARIANT(image.size() == SMP_STUB + SMP_STUB_SIZE, "the guest's image is there");
  std::copy(image.begin(), image.end(), &ram_.bytes()[SMP_PROGRAM]);
  for (std::uint8_t* place : {&ram_.bytes()[SMP_CODE], &ram_.bytes()[SMP_CODE + kSmpOtherRam],
                              &rom_.bytes()[SMP_CODE - kSmpRomStart]}) {
    std::copy(image.begin() + SMP_STUB, image.end(), place);
  }
  fakes::write_page_tables(ram_.bytes(), SMP_PAGE_TABLES);
  for (unsigned flips = 0; flips <= scenario_.flips; ++flips)
    ram_.bytes()[SMP_STATES + flips] = scenario_.state(flips);
  for (unsigned cpu = 0; cpu < scenario_.cpus; ++cpu) {
    const std::uint64_t slot = SMP_STATE + cpu * kPageSize;
    const std::uint32_t rom_dword = SMP_ROM_DWORD;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&rom_dword), 4, &rom_.bytes()[slot - kSmpRomStart]);
    block(cpu, SMP_STATE_SLOT) = slot;
    block(cpu, SMP_FLIP_PERIOD) = cpu == 0 ? 4 : 0;
    auto registers = cpus_->registers(cpu);
    if (!registers) return tl::unexpected(registers.error());
    const std::uint64_t own = SMP_CPU_BLOCKS + cpu * SMP_CPU_BLOCK_SIZE;
    fakes::enter_long_mode(*registers, SMP_PAGE_TABLES, SMP_PROGRAM, own + SMP_CPU_BLOCK_SIZE);
    registers->general.rdi = own;
    if (auto set = cpus_->set_registers(cpu, *registers); !set) return set;
  }
  return scenario_.prepare ? scenario_.prepare(*mapper_) : mapper_->commit(scenario_.map(0));
}

SmpOutcome SmpMachine::run() {
  const auto begin = steady_clock::now();
  if (auto started = cpus_->start(*mapper_); !started) {
    SmpOutcome outcome;
    outcome.trouble = started.error().message();
    return outcome;
  }
  if (scenario_.watch) scenario_.watch([this](unsigned cpu) { return block(cpu, SMP_PROGRESS).load(); });
  const auto stop = cpus_->wait(begin + scenario_.patience);
  if (scenario_.unwatch) scenario_.unwatch();
  SmpOutcome outcome;
  if (stop == vmm::KvmCpus::Stop::kFailed) outcome.trouble = cpus_->failure().message();
  if (stop == vmm::KvmCpus::Stop::kShutdown) outcome.trouble = "triple fault";
  if (stop == vmm::KvmCpus::Stop::kDeadline) outcome.trouble = "the guest does not end";
  cpus_->stop();
  if (outcome.trouble.empty()) outcome.trouble = trouble_;
  const std::string trouble = outcome.trouble;
  outcome = results();
  outcome.trouble = trouble;
  outcome.duration = steady_clock::now() - begin;
  return outcome;
}

void SmpMachine::io_out(std::uint16_t port, unsigned, std::uint32_t) {
  if (port == SMP_PORT_FLIP) return flip();
  if (port == SMP_PORT_DONE && ++done_ == scenario_.cpus) cpus_->request_stop();
}

// One flip, once every CPU has made a round since the one before.
void SmpMachine::flip() {
  if (!everybody_advanced()) return give_up("a CPU does not go on");
  if (flips_ == scenario_.flips) {
    word(SMP_SHARED + SMP_STOP) = 1;
    return;
  }
  word(SMP_SHARED + SMP_SEQUENCE) = 2 * flips_ + 1;
  const auto flipped =
      scenario_.flip ? scenario_.flip(flips_ + 1) : mapper_->commit(scenario_.map(flips_ + 1));
  if (!flipped) return give_up(flipped.error().message());
  ++flips_;
  word(SMP_SHARED + SMP_SEQUENCE) = 2 * flips_;
  for (unsigned cpu = 0; cpu < scenario_.cpus; ++cpu) seen_[cpu] = block(cpu, SMP_PROGRESS);
}

bool SmpMachine::everybody_advanced() {
  const auto deadline = steady_clock::now() + kPatience;
  for (unsigned cpu = 0; cpu < scenario_.cpus; ++cpu) {
    while (block(cpu, SMP_PROGRESS) == seen_[cpu]) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(20us);
    }
  }
  return true;
}

void SmpMachine::give_up(std::string why) {
  trouble_ = std::move(why);
  cpus_->request_stop();
}

// No device is placed anywhere: nothing reads from the bus.
void SmpMachine::mmio_read(Gpa, std::span<std::uint8_t> data) {
  ++wrong_exits_;
  std::fill(data.begin(), data.end(), std::uint8_t{0xff});
}

// Writes to the state segment are the bus's while it is ROM or read-only; no others are.
void SmpMachine::mmio_write(Gpa gpa, std::span<const std::uint8_t>) {
  const std::uint64_t sequence = word(SMP_SHARED + SMP_SEQUENCE);
  bool allowed = false;
  for (std::uint64_t flips = sequence / 2; flips <= (sequence + 1) / 2; ++flips) {
    const SmpState state = scenario_.state(static_cast<unsigned>(flips));
    if (state == kRom || state == kReadOnly) allowed = true;
  }
  if (allowed && GpaRange(SMP_STATE, SMP_STATE + kSegmentSize).contains(gpa)) {
    ++bus_writes_;
  } else {
    ++wrong_exits_;
  }
}

Result<void> SmpMachine::pause() {
  return scenario_.pausing == Pausing::kOn ? cpus_->pause() : Result<void>();
}

void SmpMachine::resume() {
  if (scenario_.pausing == Pausing::kOn) cpus_->resume();
}

SmpOutcome SmpMachine::results() {
  SmpOutcome outcome;
  outcome.flips = flips_;
  std::uint64_t rounds = 0, locked[2] = {0, 0};
  for (unsigned cpu = 0; cpu < scenario_.cpus; ++cpu) {
    rounds += block(cpu, SMP_INCREMENTS);
    for (unsigned i = 0; i < 2; ++i) locked[i] += block(cpu, SMP_LOCKED + 8 * i);
    outcome.bad_reads += block(cpu, SMP_BAD_READS);
    outcome.bad_calls += block(cpu, SMP_BAD_CALLS);
    outcome.bad_memory += bad_memory(cpu);
  }
  outcome.rounds = rounds;
  const std::uint64_t segments[] = {SMP_MOVING_COUNTERS, SMP_STEADY_COUNTERS};
  for (unsigned i = 0; i < 2; ++i) {
    const auto off = [&](std::uint64_t counter, std::uint64_t expected) {
      const std::uint64_t value = word(segments[i] + counter);
      return value > expected ? value - expected : expected - value;
    };
    outcome.lost_counts +=
        off(SMP_COUNT_INC, rounds) + off(SMP_COUNT_CMPXCHG, rounds) + off(SMP_COUNT_LOCKED, locked[i]);
  }
  outcome.counters = mapper_->counters();
  outcome.stray_reads = outcome.counters.stray_reads;
  outcome.wrong_exits = wrong_exits_;
  outcome.bus_writes = bus_writes_;
  return outcome;
}

// The sequential model: what the CPU wrote last while writes reached RAM, or, where a write was under way
// during a change to or from such a state, one of those since.
std::uint64_t SmpMachine::bad_memory(unsigned cpu) {
  const std::uint64_t value = word(SMP_STATE + cpu * kPageSize) & 0xffffffff;
  const std::uint64_t unsure = block(cpu, SMP_UNSURE);
  if (value == block(cpu, SMP_SURE)) return 0;
  return unsure != 0 && value >= unsure && value <= block(cpu, SMP_LAST) ? 0 : 1;
}

}  // namespace

memory::Routes smp_routes(Gpa segment, SmpState state, std::uint64_t ram_base) {
  using memory::Route;
  const Route ram = Route::ram(ram_base + segment);
  const Route rom = Route::rom(segment - kSmpRomStart);
  const Route read = (state & 1) != 0 ? ram : rom;
  return {read, (state & 2) != 0 ? ram : Route::bus(), read};
}

Result<void> kvm_usable() {
  auto kvm = kvm::open_kvm();
  if (!kvm) return tl::unexpected(kvm.error());
  return kvm::query_capabilities(kvm->get()).enough_for_mapper();
}

Result<SmpOutcome> run_smp(const SmpScenario& scenario) {
  auto machine = SmpMachine::create(scenario);
  if (!machine) return tl::unexpected(machine.error());
  return (*machine)->run();
}

}  // namespace lowmeg::test
