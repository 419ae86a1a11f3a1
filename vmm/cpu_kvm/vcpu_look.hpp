// What a vCPU is doing at one moment.
#pragma once

#include <cstring>

#include "vmm/cpu_kvm/vcpu_registers.hpp"

namespace vmm {

/// A value.
struct VcpuLook {
  VcpuRegisters registers;
  std::uint32_t mp_state = KVM_MP_STATE_RUNNABLE;
  bool nmi_pending = false;
  std::uint64_t exits = 0;  ///< how often it has come to us with a port or memory access

  /// It was to run both times, and nothing at all has changed.
  bool stands_still_since(const VcpuLook& before) const {
    return mp_state == KVM_MP_STATE_RUNNABLE && before.mp_state == mp_state && before.exits == exits &&
           before.registers.linear_rip() == registers.linear_rip() &&
           std::memcmp(&before.registers.general, &registers.general, sizeof(kvm_regs)) == 0;
  }
  bool is_halted() const { return mp_state == KVM_MP_STATE_HALTED; }
  bool waits_for_sipi() const {
    return mp_state == KVM_MP_STATE_UNINITIALIZED || mp_state == KVM_MP_STATE_INIT_RECEIVED;
  }
  /// Nothing but another CPU, or a reset, brings it on. An NMI by way of an interrupt controller is left out.
  bool waits_for_ever() const {
    constexpr std::uint64_t kIf = 0x200;
    return waits_for_sipi() || (is_halted() && (registers.general.rflags & kIf) == 0 && !nmi_pending);
  }
};

}  // namespace vmm
