#include "vmm/kvm_engine.hpp"

#include <fmt/format.h>

#include "vmm/cpu_kvm/guest_cpuid.hpp"

namespace vmm {
namespace {

// How long the machine's thread sleeps between two looks at its deadline.
constexpr std::chrono::milliseconds kTurn{20};
// A halted CPU waits in the kernel: that it is idle shows in that no port is used for a quarter of a second.
constexpr unsigned kIdleTurns = 12;

}  // namespace

lowmeg::Result<std::unique_ptr<KvmEngine>> KvmEngine::create(GuestMemory& memory, unsigned cpus,
                                                             lowmeg::kvm::MapWay way,
                                                             lowmeg::kvm::Syscalls& mapper_syscalls) {
  if (memory.ram.size() > kMostMemory) {
    return lowmeg::fail(lowmeg::Errc::kInvalidArgument,
                        fmt::format("{}M of RAM reach the APICs' addresses; {}M is the most with KVM",
                                    memory.ram.size() >> 20, kMostMemory >> 20));
  }
  auto vm = KvmVm::create();
  if (!vm) return tl::unexpected(vm.error());
  std::unique_ptr<KvmEngine> engine(new KvmEngine(std::move(*vm)));
  if (auto built = engine->build(memory, cpus, way, mapper_syscalls); !built)
    return tl::unexpected(built.error());
  return engine;
}

lowmeg::Result<void> KvmEngine::build(GuestMemory& memory, unsigned cpus, lowmeg::kvm::MapWay way,
                                      lowmeg::kvm::Syscalls& mapper_syscalls) {
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
                                      .way = way,
                                      .vcpus = cpus},
                                     *cpus_, mapper_syscalls);
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
  if (auto running = let_run(); !running) return {Turn::Kind::kStopped, running.error().message()};
  const KvmCpus::Stop stop = cpus_->wait(std::chrono::steady_clock::now() + kTurn);
  // Once the map is lost the CPUs stand still for ever: they cannot be parked.
  if (const auto lost = mapper_->lost()) return {Turn::Kind::kStopped, lost->message()};
  switch (stop) {
    case KvmCpus::Stop::kDeadline:
      quiet_turns_ = was_busy_.exchange(false, std::memory_order_relaxed) ? 0 : quiet_turns_ + 1;
      return {quiet_turns_ < kIdleTurns ? Turn::Kind::kRan : Turn::Kind::kIdle, {}};
    case KvmCpus::Stop::kRequested:
      return park({Turn::Kind::kRequested, {}});
    case KvmCpus::Stop::kShutdown:
      return park({Turn::Kind::kShutdown, {}});
    case KvmCpus::Stop::kFailed:
      break;
  }
  return {Turn::Kind::kStopped, cpus_->failure().message()};
}

lowmeg::Result<void> KvmEngine::let_run() {
  const Phase phase = std::exchange(phase_, Phase::kRunning);
  if (phase == Phase::kNew) return cpus_->start(*mapper_);
  if (phase == Phase::kParked) cpus_->go_on();
  return {};
}

// The machine's thread turns to devices and memory after it: nobody runs meanwhile.
Engine::Turn KvmEngine::park(Turn turn) {
  if (auto parked = cpus_->park(); !parked) return {Turn::Kind::kStopped, parked.error().message()};
  phase_ = Phase::kParked;
  return turn;
}

}  // namespace vmm
