#include "vmm/kvm_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "vmm/cpu_kvm/guest_cpuid.hpp"
#include "vmm/kvm_looks.hpp"
#include "vmm/self_jump.hpp"
#include "vmm/whereabouts.hpp"

namespace vmm {
namespace {

// How long the machine's thread sleeps between two looks at its deadline.
constexpr std::chrono::milliseconds kTurn{20};
// A halted CPU waits in the kernel: that it is idle shows in that no port is used for a quarter of a second.
constexpr unsigned kIdleTurns = 12;
// Between two looks at all CPUs, which cost each a kick.
constexpr std::chrono::milliseconds kLookInterval{500};
// One instruction ends in far less, unless KVM cannot end it: long enough for a host with much else to do; at
// the time-out nobody wants to wait so long.
constexpr std::chrono::milliseconds kStepPatience{4000}, kLastStepPatience{500};
constexpr std::chrono::milliseconds kLastLookInterval{50};
constexpr lowmeg::Gpa kResetVector = 0xfffffff0;

}  // namespace

lowmeg::Result<std::unique_ptr<KvmEngine>> KvmEngine::create(MemoryChips& memory, unsigned cpus,
                                                             const KvmMapParts& parts) {
  if (memory.ram.size() > kMostMemory) {
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument,
                        fmt::format("{}M of RAM reach the APICs' addresses; {}M is the most with KVM",
                                    memory.ram.size() >> 20, kMostMemory >> 20));
  }
  auto vm = KvmVm::create();
  if (!vm) return tl::unexpected(vm.error());
  std::unique_ptr<KvmEngine> engine(new KvmEngine(std::move(*vm)));
  if (auto built = engine->build(memory, cpus, parts); !built) return tl::unexpected(built.error());
  return engine;
}

lowmeg::Result<void> KvmEngine::build(MemoryChips& memory, unsigned cpus, const KvmMapParts& parts) {
  memory_ = &memory;
  auto created = KvmCpus::create({.cpus = cpus, .vm = *vm_, .exits = *this});
  if (!created) return tl::unexpected(created.error());
  cpus_ = std::move(*created);
  auto fpu = tells_of_fpu(vm_->kvm_fd());
  if (!fpu) return tl::unexpected(fpu.error());
  has_fpu_ = *fpu;
  auto mapper =
      lowmeg::kvm::KvmMapper::create({.vm_fd = vm_->fd(),
                                      .window = kWindow,
                                      .memory = lowmeg::kvm::GuestMemory::of(memory.ram, memory.rom),
                                      .way = parts.way,
                                      .vcpus = cpus,
                                      .observer = parts.observer},
                                     parts.pauses ? parts.pauses(*cpus_) : *cpus_, parts.syscalls);
  if (!mapper) return tl::unexpected(mapper.error());
  mapper_ = std::move(*mapper);
  return {};
}

KvmEngine::~KvmEngine() {
  if (cpus_) cpus_->stop();
}

lowmeg::Result<void> KvmEngine::attach(Board& board) {
  exits_.emplace(board.io(), board.mmio());
  return {};
}

Engine::Turn KvmEngine::run() {
  if (auto running = let_run(); !running) return {Turn::Kind::kStopped, running.error().message(), {}};
  const KvmCpus::Stop stop = cpus_->wait(std::chrono::steady_clock::now() + kTurn);
  // Once the map is lost the CPUs stand still for ever: they cannot be parked.
  if (const auto lost = mapper_->lost()) return {Turn::Kind::kStopped, lost->message(), {}};
  switch (stop) {
    case KvmCpus::Stop::kDeadline:
      if (auto ended = watch()) return *ended;
      quiet_turns_ = was_busy_.exchange(false, std::memory_order_relaxed) ? 0 : quiet_turns_ + 1;
      return {quiet_turns_ < kIdleTurns ? Turn::Kind::kRan : Turn::Kind::kIdle};
    case KvmCpus::Stop::kRequested:
      return park({Turn::Kind::kRequested});
    case KvmCpus::Stop::kShutdown:
      return park({Turn::Kind::kShutdown});
    case KvmCpus::Stop::kFailed:
      break;
  }
  return failed();
}

Engine::Turn KvmEngine::failed() {
  Turn turn{Turn::Kind::kStopped, cpus_->failure().message()};
  const std::optional<unsigned> cpu = cpus_->stopped_cpu();
  if (!cpu) return turn;
  if (const auto looks = cpus_->look()) turn.look = cpu_look(*cpu, (*looks)[*cpu]);
  return turn;
}

// Now and then: has everybody halted for ever, and is somebody stuck?
std::optional<Engine::Turn> KvmEngine::watch() {
  const auto now = std::chrono::steady_clock::now();
  if (step_) return watch_step();
  if (now < next_look_) return std::nullopt;
  next_look_ = now + kLookInterval;
  const auto looks = cpus_->look();
  if (!looks) return std::nullopt;  // who cannot be paused is told of where a pause is needed
  judge(*looks);
  if (const auto cpu = progress_.add(*looks, now); cpu && cpus_->begin_step(*cpu))
    step_ = Step{*cpu, (*looks)[*cpu], now + kStepPatience};
  return std::nullopt;
}

void KvmEngine::judge(const std::vector<VcpuLook>& looks) {
  halted_for_ever_.reset();
  if (!std::ranges::all_of(looks, [](const VcpuLook& look) { return look.waits_for_ever(); })) return;
  const auto halted = std::ranges::find_if(looks, [](const VcpuLook& look) { return look.is_halted(); });
  if (halted == looks.end()) return;
  halted_for_ever_ = fmt::format("the guest halted for ever, interrupts off, at {:04X}:{:08X}",
                                 halted->registers.system.cs.selector, halted->registers.general.rip);
}

std::optional<Engine::Turn> KvmEngine::watch_step() {
  if (!cpus_->has_stepped() && std::chrono::steady_clock::now() < step_->deadline) return std::nullopt;
  const Step step = *std::exchange(step_, std::nullopt);
  const unsigned cpu = step.cpu;
  progress_.forget();
  if (ended(cpu, step.before)) return std::nullopt;
  Turn turn{Turn::Kind::kStopped,
            "the guest is stuck within KVM, which never ends the instruction at " + cpus_->where(cpu)};
  if (const auto looks = cpus_->look()) turn.look = cpu_look(cpu, (*looks)[cpu]);
  return turn;
}

void KvmEngine::forget_looks() {
  progress_.forget();
  halted_for_ever_.reset();
  step_.reset();
}

lowmeg::Result<void> KvmEngine::reset() {
  forget_looks();
  return cpus_->reset();
}

lowmeg::Result<void> KvmEngine::init() {
  forget_looks();
  return cpus_->init();
}

// Where a triple fault was, KVM on AMD does not tell: the registers are as after INIT.
std::vector<std::pair<std::string, std::uint64_t>> KvmEngine::counts() {
  constexpr const char* kNames[] = {"port reads", "port writes", "memory reads", "memory writes"};
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  for (std::size_t i = 0; i < exit_counts_.size(); ++i)
    counts.emplace_back(kNames[i], exit_counts_[i].load());
  return counts;
}

std::string KvmEngine::where() {
  const unsigned cpu = cpus_->stopped_cpu().value_or(0);
  const auto registers = cpus_->registers(cpu);
  if (!registers || registers->linear_rip() == kResetVector)
    return fmt::format("a place that KVM does not tell (CPU {})", cpu);
  return fmt::format("{:04X}:{:08X}{}", registers->system.cs.selector, registers->general.rip,
                     cpus_->count() == 1 ? "" : fmt::format(" (CPU {})", cpu));
}

std::vector<CpuLook> KvmEngine::look() {
  const auto first = cpus_->look();
  std::this_thread::sleep_for(kLastLookInterval);
  const auto second = first ? cpus_->look() : first;
  std::vector<CpuLook> looks;
  if (!second) return looks;
  for (unsigned cpu = 0; cpu < second->size(); ++cpu) {
    looks.push_back(cpu_look(cpu, (*second)[cpu]));
    if (phase_ == Phase::kNew) continue;  // nobody was let run
    if ((*second)[cpu].stands_still_since((*first)[cpu]) && is_stuck(cpu, (*second)[cpu]))
      looks.back().activity = CpuLook::Activity::kStuck;
  }
  return looks;
}

// After a step: whether the instruction has ended. KVM tells of a step also when its emulator gave the
// instruction up and will try again; then the CPU is where it was, as a guest that jumps to itself is.
bool KvmEngine::ended(unsigned cpu, const VcpuLook& before) {
  if (!cpus_->end_step(cpu)) return false;
  if (!cpus_->has_stepped()) return true;  // it could not be tried
  const std::uint64_t linear = before.registers.linear_rip();
  if (cpus_->stepped_to() != linear) return true;
  const std::optional<lowmeg::Gpa> gpa = cpus_->translate(cpu, linear);
  return !gpa ||
         may_jump_to_itself(code_bytes(mapper_->map().cpu, *memory_, *gpa), before.registers.general.rip);
}

bool KvmEngine::is_stuck(unsigned cpu, const VcpuLook& look) {
  if (!cpus_->begin_step(cpu)) return false;
  const auto deadline = std::chrono::steady_clock::now() + kLastStepPatience;
  while (!cpus_->has_stepped() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return !ended(cpu, look);
}

lowmeg::Result<void> KvmEngine::let_run() {
  const Phase phase = std::exchange(phase_, Phase::kRunning);
  if (phase == Phase::kNew) return cpus_->start(*mapper_);
  if (phase == Phase::kParked) cpus_->go_on();
  return {};
}

// The machine's thread turns to devices and memory after it: nobody runs meanwhile. A CPU whose access waits
// for somebody outside may be later than the gate's patience; how long it waits is the chipset's matter.
Engine::Turn KvmEngine::park(Turn turn) {
  auto parked = cpus_->park();
  while (!parked && parked.error().code == lowmeg::Errc::kTimeout && waiting_ != 0) parked = cpus_->park();
  if (!parked) return {Turn::Kind::kStopped, parked.error().message(), {}};
  phase_ = Phase::kParked;
  return turn;
}

}  // namespace vmm
