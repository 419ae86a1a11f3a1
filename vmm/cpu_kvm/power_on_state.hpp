// All that a reset puts back in a vCPU: what KVM gave it when it was created. INIT and SIPI that are on their
// way to it are lost, as they would be on the wire.
//
// KVM's fresh vCPU is in the state after power-on: Intel SDM volume 3, table 9-1 (kvm_vcpu_reset in the
// kernel). So a reset is a restore, and nothing of the table need be known here.
#pragma once

#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "vmm/cpu_kvm/extended_state.hpp"
#include "vmm/cpu_kvm/kvm_vm.hpp"
#include "vmm/cpu_kvm/vcpu_registers.hpp"

namespace vmm {

/// A value; the functions take the descriptor of a vCPU that is not in KVM_RUN.
class PowerOnState {
 public:
  /// Reads it from a vCPU of `vm` that has its CPUID and has not run.
  static lowmeg::Result<PowerOnState> read(const KvmVm& vm, int vcpu_fd);
  lowmeg::Result<void> write(int vcpu_fd) const;

 private:
  VcpuRegisters registers_;
  ExtendedState extended_;
  kvm_mp_state mp_state_{};
  kvm_lapic_state lapic_{};
  kvm_vcpu_events events_{};
  kvm_debugregs debug_{};
  std::vector<kvm_msr_entry> msrs_;
};

}  // namespace vmm
