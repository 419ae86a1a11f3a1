// What this machine's KVM can do, and how to open it.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 4.1 KVM_GET_API_VERSION and 4.4 KVM_CHECK_EXTENSION.
#pragma once

#include <string>
#include <vector>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/descriptor.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::kvm {

/// KVM_CHECK_EXTENSION's answers: 0 is "no". A value.
struct Capabilities {
  int user_memory = 0;          ///< KVM_SET_USER_MEMORY_REGION; KvmMapper needs it
  int readonly_memory = 0;      ///< KVM_MEM_READONLY; KvmMapper needs it
  int memory_slots = 0;         ///< how many a VM may have
  int immediate_exit = 0;       ///< kvm_run.immediate_exit; pausing needs it
  int coalesced_mmio_page = 0;  ///< the ring's page in a vCPU's mapping; without it each write exits
  int irqchip = 0;              ///< interrupt controllers in the kernel
  int pit2 = 0;                 ///< the timer in the kernel
  int smm = 0;                  ///< system management mode; without it the SMM view is never entered
  int address_spaces = 0;       ///< 2 where SMM may have a map of its own

  /// One line for each that is missing, with what that means; empty on a machine that has all.
  std::vector<std::string> missing() const;
  /// Whether KvmMapper can work at all; the error's line names what is missing.
  Result<void> enough_for_mapper() const;

  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Asks `fd`, /dev/kvm or a VM (whose answers are the finer ones). Never fails: an error counts as "no".
Capabilities query_capabilities(int fd, Syscalls& syscalls = Syscalls::system());

/// Opens /dev/kvm and checks its version. On an error one line says what is wrong and how to mend it: kSystem
/// when it cannot be opened, kNotSupported for another version.
Result<Descriptor> open_kvm(Syscalls& syscalls = Syscalls::system());

/// KVM_CREATE_VM on /dev/kvm. The VM belongs to this process: ioctls from another give EIO. The error's line
/// says how to mend it where that is known.
Result<Descriptor> create_vm(int kvm_fd, Syscalls& syscalls = Syscalls::system());

/// Tells KVM to drop, when a slot is deleted, the page tables of that slot alone and not those of the whole
/// VM (KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_SLOT_ZAP_ALL). It is the VM owner's choice, before the VM has
/// vCPUs: with some assigned devices the quirk is needed. kNotSupported on a kernel without (before 6.12).
Result<void> zap_no_more_than_the_slot(int vm_fd, Syscalls& syscalls = Syscalls::system());

}  // namespace lowmeg::kvm
