// What is done for a vCPU that has left the guest, by the kind of exit: port accesses and memory accesses.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 5 "The kvm_run structure": KVM_EXIT_IO, KVM_EXIT_MMIO.
#pragma once

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "vmm/cpu_kvm/vcpu_exits.hpp"

namespace vmm {

/// KVM_EXIT_IO, string instructions included: count elements of size bytes, one call each.
void serve_port(kvm_run& run, VcpuExits& exits);

/// What the memory map has left for the board after KVM_RUN: writes that waited, in their order and before
/// all else, then the access in hand.
void serve_bus(const lowmeg::kvm::AfterRun& after, lowmeg::kvm::KvmMapper& mapper, VcpuExits& exits);

/// The bytes of `access` that the map has left over, in runs as long as they are contiguous.
void serve_bus(const lowmeg::kvm::MmioAccess& access, lowmeg::kvm::MmioVerdict verdict, VcpuExits& exits);

}  // namespace vmm
