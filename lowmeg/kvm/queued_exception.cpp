#include "lowmeg/kvm/queued_exception.hpp"

#include "lowmeg/kvm/kvm_header.hpp"

namespace lowmeg::kvm {
namespace {

constexpr std::uint8_t kInvalidOpcode = 6;  // SDM volume 3, table 6-1

}  // namespace

Result<void> withdraw_invalid_opcode(int vcpu_fd, Syscalls& syscalls) {
  kvm_vcpu_events events{};
  // SAFETY: KVM fills the structure, and below reads it.
  if (ioctl(syscalls, vcpu_fd, KVM_GET_VCPU_EVENTS, events) != 0) return fail_errno("KVM_GET_VCPU_EVENTS");
  const bool waits = events.exception.injected != 0 || events.exception.pending != 0;
  if (!waits || events.exception.nr != kInvalidOpcode) return {};
  events.exception = {};
  events.exception_has_payload = 0;
  events.flags = 0;  // what other threads may be sending (NMI, SIPI, SMI) stays as it is
  if (ioctl(syscalls, vcpu_fd, KVM_SET_VCPU_EVENTS, events) != 0) return fail_errno("KVM_SET_VCPU_EVENTS");
  return {};
}

}  // namespace lowmeg::kvm
