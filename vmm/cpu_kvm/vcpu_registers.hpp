// The registers of a vCPU as KVM has them, and ioctls on a vCPU that carry one structure.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace vmm {

/// A value.
struct VcpuRegisters {
  kvm_regs general{};
  kvm_sregs system{};

  /// CS base + RIP.
  std::uint64_t linear_rip() const { return system.cs.base + general.rip; }
};

/// `name` is the request's, for the error.
template <typename T>
lowmeg::Result<void> vcpu_call(int fd, unsigned long request, T& argument, const char* name) {
  // SAFETY: the request reads or writes the structure that it names, within the call only.
  if (lowmeg::kvm::ioctl(lowmeg::kvm::Syscalls::system(), fd, request, argument) < 0)
    return lowmeg::fail_errno(name);
  return {};
}

}  // namespace vmm
