// From KVM's registers to what a person is told of a CPU.
#pragma once

#include "vmm/cpu_kvm/vcpu_look.hpp"
#include "vmm/cpu_look.hpp"

namespace vmm {

/// Pure. That a CPU is stuck one look does not tell.
CpuLook cpu_look(unsigned cpu, const VcpuLook& look);

}  // namespace vmm
