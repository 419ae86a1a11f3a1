#include "vmm/cpu_kvm/extended_state.hpp"

#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

using lowmeg::Result;

// XSTATE_BV, the first quadword of the XSAVE header at byte 512 (SDM volume 1, 13.4.2), and in it x87 and SSE
// (13.1).
constexpr std::size_t kXstateBv = 512 / sizeof(std::uint32_t);
constexpr std::uint32_t kX87AndSse = 3;

}  // namespace

Result<ExtendedState> ExtendedState::read(int vm_fd, int vcpu_fd) {
  ExtendedState state;
  if (kvm_extension(vm_fd, KVM_CAP_XCRS) != 0) {
    auto got = kvm_call(vcpu_fd, KVM_GET_XCRS, state.xcrs_.emplace(), "KVM_GET_XCRS");
    if (!got) return tl::unexpected(got.error());
  }
  auto got = kvm_extension(vm_fd, KVM_CAP_XSAVE) != 0
                 ? state.read_xsave(vm_fd, vcpu_fd)
                 : kvm_call(vcpu_fd, KVM_GET_FPU, state.fpu_.emplace(), "KVM_GET_FPU");
  if (!got) return tl::unexpected(got.error());
  return state;
}

Result<void> ExtendedState::read_xsave(int vm_fd, int vcpu_fd) {
  // KVM_CAP_XSAVE2 tells the size: KVM_GET_XSAVE fails where it is larger than its structure.
  const auto size = static_cast<std::size_t>(kvm_extension(vm_fd, KVM_CAP_XSAVE2));
  const std::size_t extra = size > sizeof(kvm_xsave) ? size - sizeof(kvm_xsave) : 0;
  Xsave& xsave = xsave_.emplace((extra + sizeof(std::uint32_t) - 1) / sizeof(std::uint32_t));
  auto got = size != 0 ? kvm_call(vcpu_fd, KVM_GET_XSAVE2, xsave.head(), "KVM_GET_XSAVE2")
                       : kvm_call(vcpu_fd, KVM_GET_XSAVE, xsave.head(), "KVM_GET_XSAVE");
  // A part that is marked as unused is cleared when it is written, but MXCSR is no part's own: the standard
  // form of XRSTOR loads whatever lies there (SDM volume 1, 13.8.1), and KVM writes it only along with x87 or
  // SSE. It has filled in both, used or not.
  if (got) xsave.head().region[kXstateBv] |= kX87AndSse;
  return got;
}

Result<void> ExtendedState::write(int vcpu_fd) const {
  ExtendedState copy = *this;  // the ioctls take what they only read as writable
  Result<void> done;
  if (copy.xcrs_) done = kvm_call(vcpu_fd, KVM_SET_XCRS, *copy.xcrs_, "KVM_SET_XCRS");
  if (done && copy.xsave_) done = kvm_call(vcpu_fd, KVM_SET_XSAVE, copy.xsave_->head(), "KVM_SET_XSAVE");
  if (done && copy.fpu_) done = kvm_call(vcpu_fd, KVM_SET_FPU, *copy.fpu_, "KVM_SET_FPU");
  return done;
}

}  // namespace vmm
