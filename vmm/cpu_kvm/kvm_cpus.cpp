#include "vmm/cpu_kvm/kvm_cpus.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "lowmeg/core/invariant.hpp"
#include "vmm/cpu_kvm/exit_service.hpp"

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Error;
using lowmeg::Result;
using lowmeg::kvm::AfterRun;

Result<void> install_kick_handler() {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  // KVM_RUN gives EINTR all the same; the system calls of devices are not disturbed.
  action.sa_flags = SA_RESTART;
  // SAFETY: the handler does nothing, so it may run at any point of any thread.
  if (sigaction(Vcpu::kKickSignal, &action, nullptr) != 0) return lowmeg::fail_errno("sigaction");
  return {};
}

std::vector<GuestExit*> guest_exits(const std::vector<std::unique_ptr<Vcpu>>& vcpus) {
  std::vector<GuestExit*> exits;
  exits.reserve(vcpus.size());
  for (const auto& vcpu : vcpus) exits.push_back(vcpu.get());
  return exits;
}

// Linux, include/uapi/linux/kvm.h: KVM_INTERNAL_ERROR_*; the first, an instruction that KVM cannot emulate,
// is the mapper's.
const char* internal_error_name(std::uint32_t suberror) {
  switch (suberror) {
    case 2:
      return "KVM met two exceptions at once";
    case 3:
      return "KVM cannot deliver an event";
    case 4:
      return "the processor left the guest for an unexpected reason";
    default:
      return "KVM cannot go on";
  }
}

std::string place(unsigned cpu, const Result<VcpuRegisters>& registers) {
  if (!registers) return fmt::format("CPU {}", cpu);
  return fmt::format("CPU {} at {:04X}:{:08X}", cpu, registers->system.cs.selector, registers->general.rip);
}

std::uint64_t rip_of(const Vcpu& vcpu) {
  const auto registers = vcpu.registers();
  return registers ? registers->linear_rip() : 0;
}

RunGate::InHand in_hand(int error, const kvm_run& run) {
  if (error != 0) return RunGate::InHand::kNothing;
  if (run.exit_reason == KVM_EXIT_IO) return RunGate::InHand::kPort;
  return run.exit_reason == KVM_EXIT_MMIO ? RunGate::InHand::kMemory : RunGate::InHand::kNothing;
}

}  // namespace

Result<std::unique_ptr<KvmCpus>> KvmCpus::create(const KvmCpusConfig& config) {
  LOWMEG_INVARIANT(config.cpus > 0, "a machine has a CPU");
  if (auto installed = install_kick_handler(); !installed) return tl::unexpected(installed.error());
  std::vector<std::unique_ptr<Vcpu>> vcpus;
  for (unsigned id = 0; id < config.cpus; ++id) {
    auto vcpu = Vcpu::create(config.vm, id);
    if (!vcpu) return tl::unexpected(vcpu.error());
    vcpus.push_back(std::move(*vcpu));
  }
  return std::unique_ptr<KvmCpus>(new KvmCpus(config, std::move(vcpus)));
}

KvmCpus::KvmCpus(const KvmCpusConfig& config, std::vector<std::unique_ptr<Vcpu>> vcpus)
    : vm_(config.vm),
      exits_(config.exits),
      vcpus_(std::move(vcpus)),
      gate_(std::make_unique<RunGate>(guest_exits(vcpus_), config.patience)),
      exits_seen_(vcpus_.size()) {}

KvmCpus::~KvmCpus() {
  stop();
}

Result<void> KvmCpus::start(lowmeg::kvm::KvmMapper& mapper) {
  LOWMEG_INVARIANT(!mapper_, "CPUs are started once");
  mapper_ = &mapper;
  mapper_->attach_ring(&vcpus_[0]->run());
  try {
    for (unsigned cpu = 0; cpu < count(); ++cpu) threads_.emplace_back([this, cpu] { run(cpu); });
  } catch (const std::system_error& error) {
    stop();
    return tl::unexpected(Error{Errc::kSystem, "no thread for a CPU", error.code().value()});
  }
  return {};
}

void KvmCpus::stop() {
  gate_->quit();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (mapper_) mapper_->attach_ring(nullptr);
  mapper_ = nullptr;
}

void KvmCpus::run(unsigned cpu) {
  Vcpu& vcpu = *vcpus_[cpu];
  vcpu.take_thread();
  while (gate_->enter(cpu) != RunGate::Order::kQuit) {
    const std::uint64_t generation = mapper_->generation();
    const int error = vcpu.enter_guest();
    const lowmeg::kvm::AfterRun after = mapper_->after_run(
        {.run = vcpu.run(), .error = error, .entered = generation, .fd = vcpu.fd(), .rip = [&] {
           return rip_of(vcpu);
         }});
    const RunGate::InHand hand = in_hand(error, vcpu.run());
    if (hand != RunGate::InHand::kNothing) exits_seen_[cpu].fetch_add(1, std::memory_order_relaxed);
    gate_->left(cpu, hand);
    serve_bus(after, *mapper_, exits_);
    if (after.action == AfterRun::Action::kStop)
      fail({Errc::kSystem, fmt::format("CPU {}: {}", cpu, after.line), 0}, cpu);
    if (after.action == AfterRun::Action::kEmbedder) conclude(cpu, error);
  }
}

void KvmCpus::conclude(unsigned cpu, int error) {
  if (error != 0) return conclude_error(cpu, error);
  kvm_run& run = vcpus_[cpu]->run();
  if (run.exit_reason == KVM_EXIT_IO) return serve_port(run, exits_);
  conclude_exit(cpu);
}

// EINTR is a kick. EAGAIN: a CPU that waited for SIPI has got it and wants to be run again.
void KvmCpus::conclude_error(unsigned cpu, int error) {
  if (error == EINTR || error == EAGAIN) return;
  fail({Errc::kSystem, "KVM_RUN, " + place(cpu, vcpus_[cpu]->registers()), error}, cpu);
}

void KvmCpus::conclude_exit(unsigned cpu) {
  const kvm_run& run = vcpus_[cpu]->run();
  switch (run.exit_reason) {
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
      return;
    case KVM_EXIT_SHUTDOWN:
    case KVM_EXIT_SYSTEM_EVENT:
      return request_stop(Stop::kShutdown, cpu);
    case KVM_EXIT_DEBUG:
      static_cast<void>(vcpus_[cpu]->set_stepping(Vcpu::Stepping::kOff));
      stepped_to_.store(run.debug.arch.pc, std::memory_order_release);
      has_stepped_.store(true, std::memory_order_release);
      return;
    case KVM_EXIT_INTERNAL_ERROR:
      return fail({Errc::kSystem,
                   fmt::format("{}: {} (internal error {})", place(cpu, vcpus_[cpu]->registers()),
                               internal_error_name(run.internal.suberror), run.internal.suberror),
                   0},
                  cpu);
    case KVM_EXIT_FAIL_ENTRY:
      return fail(
          {Errc::kSystem,
           fmt::format("{}: the processor refuses to enter the guest, reason {:#x}",
                       place(cpu, vcpus_[cpu]->registers()), run.fail_entry.hardware_entry_failure_reason),
           0},
          cpu);
    default:
      return fail({Errc::kSystem,
                   fmt::format("{}: KVM left the guest for reason {}, which is not expected",
                               place(cpu, vcpus_[cpu]->registers()), run.exit_reason),
                   0},
                  cpu);
  }
}

KvmCpus::Stop KvmCpus::wait(std::chrono::steady_clock::time_point deadline) {
  if (!gate_->wait_for_stop(deadline)) return Stop::kDeadline;
  const std::lock_guard lock(mutex_);
  if (!stops_.empty() && *stops_.rbegin() > told_) told_ = stops_.extract(*stops_.rbegin()).value();
  return told_;
}

Result<void> KvmCpus::park() {
  return gate_->park();
}

void KvmCpus::go_on() {
  const std::lock_guard lock(mutex_);
  told_ = Stop::kDeadline;
  if (stops_.empty()) gate_->go_on();
}

void KvmCpus::request_stop() {
  request_stop(Stop::kRequested);
}

// The gate is told under the same lock, so that go_on() comes before both or after both.
void KvmCpus::request_stop(Stop why, std::optional<unsigned> cpu) {
  const std::lock_guard lock(mutex_);
  if (cpu && failure_.what.empty()) stopped_cpu_ = cpu;
  stops_.insert(why);
  gate_->request_stop();
}

void KvmCpus::fail(Error error, std::optional<unsigned> cpu) {
  {
    const std::lock_guard lock(mutex_);
    if (!stops_.contains(Stop::kFailed) && told_ != Stop::kFailed) {
      failure_ = std::move(error);
      stopped_cpu_ = cpu;
    }
  }
  request_stop(Stop::kFailed);
}

Result<void> KvmCpus::reset() {
  return to_each_vcpu(&Vcpu::reset).and_then([this] { return vm_.reset(); });
}

Result<void> KvmCpus::init() {
  return to_each_vcpu(&Vcpu::init);
}

Result<void> KvmCpus::to_each_vcpu(Result<void> (Vcpu::*bring)()) {
  LOWMEG_INVARIANT(gate_->parked(), "CPUs are reset while they stand still");
  for (const auto& vcpu : vcpus_) {
    if (auto done = (*vcpu.*bring)(); !done) return done;
  }
  const std::lock_guard lock(mutex_);
  stops_.erase(Stop::kShutdown);
  return {};
}

Error KvmCpus::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::optional<unsigned> KvmCpus::stopped_cpu() const {
  const std::lock_guard lock(mutex_);
  return stopped_cpu_;
}

std::string KvmCpus::where(unsigned cpu) {
  return place(cpu, registers(cpu));
}

Result<VcpuRegisters> KvmCpus::registers(unsigned cpu) {
  if (gate_->parked()) return vcpus_[cpu]->registers();
  if (auto paused = pause(); !paused) return tl::unexpected(paused.error());
  auto registers = vcpus_[cpu]->registers();
  resume();
  return registers;
}

Result<std::vector<VcpuLook>> KvmCpus::look() {
  const bool were_parked = gate_->parked();
  if (!were_parked) {
    if (auto paused = pause(); !paused) return tl::unexpected(paused.error());
  }
  std::vector<VcpuLook> looks;
  Result<void> got;
  for (unsigned cpu = 0; cpu < count() && got; ++cpu) {
    got = vcpus_[cpu]->look().map([&](const VcpuLook& look) { looks.push_back(look); });
    if (got) looks.back().exits = exits_seen_[cpu].load(std::memory_order_relaxed);
  }
  if (!were_parked) resume();
  if (!got) return tl::unexpected(got.error());
  return looks;
}

std::optional<lowmeg::Gpa> KvmCpus::translate(unsigned cpu, std::uint64_t linear) {
  if (gate_->parked()) return vcpus_[cpu]->translate(linear);
  if (!pause()) return std::nullopt;
  const auto gpa = vcpus_[cpu]->translate(linear);
  resume();
  return gpa;
}

Result<void> KvmCpus::begin_step(unsigned cpu) {
  has_stepped_.store(false, std::memory_order_release);
  return set_stepping(cpu, Vcpu::Stepping::kOneInstruction);
}

bool KvmCpus::end_step(unsigned cpu) {
  // If it cannot be paused it may be stuck elsewhere: others tell.
  const bool done = !set_stepping(cpu, Vcpu::Stepping::kOff).has_value();
  return has_stepped() || done;
}

Result<void> KvmCpus::set_stepping(unsigned cpu, Vcpu::Stepping stepping) {
  if (gate_->parked()) return vcpus_[cpu]->set_stepping(stepping);
  if (auto paused = pause(); !paused) return paused;
  auto set = vcpus_[cpu]->set_stepping(stepping);
  resume();
  return set;
}

Result<void> KvmCpus::set_registers(unsigned cpu, const VcpuRegisters& registers) {
  LOWMEG_INVARIANT(gate_->parked(), "registers are set while the CPUs stand still");
  return vcpus_[cpu]->set_registers(registers);
}

}  // namespace vmm
