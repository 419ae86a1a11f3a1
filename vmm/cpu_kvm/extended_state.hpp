// The registers of the x87, SSE, AVX and what came after them, as far as this KVM has them.
//
// Source: Linux, Documentation/virt/kvm/api.rst, KVM_GET_XSAVE, KVM_GET_XSAVE2, KVM_GET_XCRS; the layout is
// Intel SDM volume 1, 13.4. Where KVM has no XSAVE it is KVM_GET_FPU, which leaves out AVX and, in
// KVM_SET_FPU, MXCSR.
#pragma once

#include <optional>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "vmm/cpu_kvm/flexible.hpp"

namespace vmm {

/// A value; the functions take the descriptor of a vCPU that is not in KVM_RUN.
class ExtendedState {
 public:
  /// None.
  ExtendedState() = default;

  /// `vm_fd` tells what there is. The vCPU has its CPUID: what it allows is what there is of AVX.
  static lowmeg::Result<ExtendedState> read(int vm_fd, int vcpu_fd);
  lowmeg::Result<void> write(int vcpu_fd) const;

 private:
  using Xsave = Flexible<kvm_xsave, std::uint32_t>;

  lowmeg::Result<void> read_xsave(int vm_fd, int vcpu_fd);

  std::optional<Xsave> xsave_;
  std::optional<kvm_fpu> fpu_;  // one of the two
  std::optional<kvm_xcrs> xcrs_;
};

}  // namespace vmm
