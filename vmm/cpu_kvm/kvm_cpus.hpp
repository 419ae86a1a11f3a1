// The CPUs of the reference machine on KVM: a thread each, and all that starts, stops, pauses and resets
// them.
//
// Source: Linux, Documentation/virt/kvm/api.rst; the rules for pausing are in docs/reference/kvm-machine.md.
// CPUID is the host's as KVM passes it on, but for what guest_cpuid.hpp hides. CPU 0 starts at the reset
// vector, the others wait for INIT and SIPI in the kernel. Left out: hot plug, system management mode,
// virtual machines within the guest, debugging, dirty logging.
//
//   auto vm = KvmVm::create();
//   auto cpus = KvmCpus::create({.cpus = 2, .vm = **vm, .exits = exits});
//   auto mapper = lowmeg::kvm::KvmMapper::create({.vm_fd = (*vm)->fd(), ...}, **cpus);
//   (*mapper)->commit(map); (*cpus)->start(**mapper);
//   while ((*cpus)->wait(deadline) ...) ...
//   (*cpus)->stop();                       // before the mapper goes
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "lowmeg/kvm/pause_vcpus.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"
#include "vmm/cpu_kvm/run_gate.hpp"
#include "vmm/cpu_kvm/vcpu.hpp"
#include "vmm/cpu_kvm/vcpu_exits.hpp"

namespace vmm {

/// How long a vCPU may take to pause or to stop.
inline constexpr std::chrono::milliseconds kPausePatience{5000};

struct KvmCpusConfig {
  unsigned cpus = 1;
  KvmVm& vm;         ///< borrowed; outlives the CPUs
  VcpuExits& exits;  ///< borrowed likewise
  std::chrono::milliseconds patience = kPausePatience;
};

/// Thread-safe except where a function says otherwise. Outlives the mapper that it pauses for.
class KvmCpus final : public lowmeg::kvm::PauseVcpus {
 public:
  /// Why wait() came back; the graver the later.
  enum class Stop {
    kDeadline,   ///< nothing happened; the CPUs run on
    kRequested,  ///< request_stop()
    kShutdown,   ///< a triple fault; only reset() leads out
    kFailed,     ///< the machine cannot go on; failure() says why
  };

  /// Creates the vCPUs as after power-on. Installs a handler for the kick signal (SIGUSR1) that does nothing:
  /// the program must not use it otherwise.
  static lowmeg::Result<std::unique_ptr<KvmCpus>> create(const KvmCpusConfig& config);
  ~KvmCpus() override;
  KvmCpus(const KvmCpus&) = delete;
  KvmCpus& operator=(const KvmCpus&) = delete;

  /// Starts the threads, once. Borrows the mapper until stop().
  lowmeg::Result<void> start(lowmeg::kvm::KvmMapper& mapper);

  /// Blocks until there is something to do, on the one thread that runs the machine. Of several reasons the
  /// gravest comes first; the others make the wait() after the next go_on() return at once.
  Stop wait(std::chrono::steady_clock::time_point deadline);
  /// After a stop but kFailed: returns when every CPU stands at an instruction boundary and its thread waits.
  /// Then board and CPUs can be reset. kTimeout when one does not come.
  lowmeg::Result<void> park();
  /// Lets parked CPUs run on: unless there was another reason to stop than those that wait() returned; that
  /// one the next wait() returns, and the CPUs stay parked.
  void go_on();

  /// Makes wait() return kRequested. For any thread, and from within an exit: that CPU goes no further than
  /// its instruction.
  void request_stop();

  /// While parked, or before start(): all CPUs and the kernel's chips as after power-on. The memory map is
  /// not touched. A triple fault that wait() has not told of yet is over with it.
  lowmeg::Result<void> reset();
  /// Likewise: INIT on every CPU's pin. The kernel's chips stay as they are.
  lowmeg::Result<void> init();

  /// Ends the threads, whoever pauses. Not to be called from an exit. A second call does nothing. Waits,
  /// without a limit, until each exit in hand has been served: a port access that never comes back (a device
  /// that waits for a peer, say) must be ended by the embedder first.
  void stop();

  /// Why wait() returned kFailed; one line, with the place.
  lowmeg::Error failure() const;
  /// The CPU that the last stop is about: a triple fault's, or a failure's if it is one CPU's.
  std::optional<unsigned> stopped_cpu() const;
  /// "CPU 0 at F000:0000FFF0". Pauses the CPUs for it, as registers().
  std::string where(unsigned cpu);

  /// One moment of all CPUs. Pauses them for it, as registers().
  lowmeg::Result<std::vector<VcpuLook>> look();
  /// Linear to physical by a CPU's page tables. Pauses the CPUs likewise.
  std::optional<lowmeg::Gpa> translate(unsigned cpu, std::uint64_t linear);
  /// Has one CPU stop KVM after its next instruction, once, and go on. Pauses the CPUs for it. One at a time.
  lowmeg::Result<void> begin_step(unsigned cpu);
  /// Whether it has ended an instruction since. Pauses the CPUs.
  bool end_step(unsigned cpu);
  /// The linear address after the step, once has_stepped().
  std::uint64_t stepped_to() const { return stepped_to_.load(std::memory_order_acquire); }
  bool has_stepped() const { return has_stepped_.load(std::memory_order_acquire); }

  unsigned count() const { return static_cast<unsigned>(vcpus_.size()); }
  /// Pauses the CPUs unless they stand still already; not from within an exit but the own CPU's.
  lowmeg::Result<VcpuRegisters> registers(unsigned cpu);
  /// While parked, or before start(). The CPU runs, whether or not it waited for SIPI.
  lowmeg::Result<void> set_registers(unsigned cpu, const VcpuRegisters& registers);

  // PauseVcpus. Any thread may pause, also one within an exit. Order of locks: see RunGate.
  lowmeg::Result<void> pause() override { return gate_->pause(); }
  void resume() override { gate_->resume(); }

 private:
  KvmCpus(const KvmCpusConfig& config, std::vector<std::unique_ptr<Vcpu>> vcpus);
  void run(unsigned cpu);
  void conclude(unsigned cpu, int error);
  void conclude_error(unsigned cpu, int error);
  void conclude_exit(unsigned cpu);
  void request_stop(Stop why, std::optional<unsigned> cpu = std::nullopt);
  void fail(lowmeg::Error error, std::optional<unsigned> cpu = std::nullopt);
  lowmeg::Result<void> set_stepping(unsigned cpu, Vcpu::Stepping stepping);
  lowmeg::Result<void> to_each_vcpu(lowmeg::Result<void> (Vcpu::*bring)());

  // Static configuration.
  KvmVm& vm_;
  VcpuExits& exits_;

  // Sub-devices.
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  std::unique_ptr<RunGate> gate_;
  std::vector<std::thread> threads_;

  // Volatile state.
  lowmeg::kvm::KvmMapper* mapper_ = nullptr;
  mutable std::mutex mutex_;     // guards the four below; taken before the gate's
  std::set<Stop> stops_;         // that wait() has yet to return
  Stop told_ = Stop::kDeadline;  // what it returned last; kDeadline after go_on()
  lowmeg::Error failure_;
  std::optional<unsigned> stopped_cpu_;
  std::vector<std::atomic<std::uint64_t>> exits_seen_;  // by CPU
  std::atomic<std::uint64_t> stepped_to_{0};
  std::atomic<bool> has_stepped_{false};
};

}  // namespace vmm
