// The #UD that KVM leaves behind where it could not emulate an instruction.
//
// Source: Linux, arch/x86/kvm/x86.c, handle_emulation_failure(): it queues the exception for the guest and
// then leaves with KVM_EXIT_INTERNAL_ERROR all the same, RIP unchanged. Who runs the vCPU again, because the
// map has become another, must take it back: the instruction is yet to be executed.
#pragma once

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// Withdraws a #UD that waits for the vCPU, if there is one; other exceptions stay. On the vCPU's thread.
/// kSystem when KVM does not let it.
Result<void> withdraw_invalid_opcode(int vcpu_fd, Syscalls& syscalls);

}  // namespace lowmeg::kvm
