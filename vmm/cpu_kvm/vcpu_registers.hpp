// The registers of a vCPU as KVM has them.
#pragma once

#include <cstdint>

#include "lowmeg/kvm/kvm_header.hpp"

namespace vmm {

/// A value.
struct VcpuRegisters {
  kvm_regs general{};
  kvm_sregs system{};

  /// CS base + RIP.
  std::uint64_t linear_rip() const { return system.cs.base + general.rip; }
};

}  // namespace vmm
