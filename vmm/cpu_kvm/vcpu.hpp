// One virtual CPU of KVM: its descriptor, the structure it shares with the kernel, and its registers.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 5 "The kvm_run structure" and 4.10 KVM_RUN.
#pragma once

#include <pthread.h>

#include <csignal>
#include <memory>
#include <optional>

#include "lowmeg/kvm/descriptor.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"
#include "vmm/cpu_kvm/power_on_state.hpp"
#include "vmm/cpu_kvm/run_gate.hpp"
#include "vmm/cpu_kvm/vcpu_look.hpp"

namespace vmm {

/// One thread runs it; RunGate says when another may touch it.
class Vcpu final : public GuestExit {
 public:
  /// Interrupts KVM_RUN. Its handler does nothing; KvmCpus installs it.
  static constexpr int kKickSignal = SIGUSR1;

  /// KVM_CREATE_VCPU with `id` as APIC id. As after power-on.
  static lowmeg::Result<std::unique_ptr<Vcpu>> create(const KvmVm& vm, unsigned id);
  ~Vcpu() override;
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  /// Makes this thread the one that is interrupted, names it, and lets the kick signal in.
  void take_thread();

  /// KVM_RUN on this thread, till the next exit: 0, or errno.
  int enter_guest();
  /// Borrowed.
  int fd() const { return fd_.get(); }
  /// Shared with the kernel; what the last exit left.
  kvm_run& run() { return *run_; }

  lowmeg::Result<VcpuRegisters> registers() const;
  /// All of it but the count of exits.
  lowmeg::Result<VcpuLook> look() const;
  /// Linear to physical by the guest's page tables; none where they have nothing.
  std::optional<lowmeg::Gpa> translate(std::uint64_t linear) const;
  enum class Stepping { kOff, kOneInstruction };
  /// KVM_EXIT_DEBUG after the next instruction.
  lowmeg::Result<void> set_stepping(Stepping stepping);
  /// Also ends a wait for SIPI.
  lowmeg::Result<void> set_registers(const VcpuRegisters& registers);
  /// As after power-on. No exit may be in hand.
  lowmeg::Result<void> reset();
  /// The INIT pin, done by KVM itself (SDM volume 3, table 9-1): the one whose APIC id is 0 is at the reset
  /// vector, another waits for SIPI. No exit may be in hand.
  lowmeg::Result<void> init();

  // GuestExit.
  void set_entry(Entry entry) override;
  void interrupt() override { pthread_kill(thread_, kKickSignal); }

 private:
  lowmeg::Result<void> reload_page_tables();

  Vcpu(unsigned id, lowmeg::kvm::Descriptor fd, kvm_run* run, std::size_t run_size)
      : id_(id), fd_(std::move(fd)), run_(run), run_size_(run_size) {}

  const unsigned id_;
  const lowmeg::kvm::Descriptor fd_;
  kvm_run* const run_;
  const std::size_t run_size_;
  std::optional<PowerOnState> at_power_on_;
  pthread_t thread_{};  // set before the thread first goes through the gate, whose lock publishes it
};

}  // namespace vmm
