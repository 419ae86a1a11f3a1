// What CPUID tells the guest: what this KVM can do, but for what would lead around the memory map or past a
// reset.
//
// Source: Intel SDM volume 2 and AMD APM volume 3, CPUID; Linux, Documentation/virt/kvm/x86/cpuid.rst.
// Left out: a topology of the guest's own.
#pragma once

#include <span>

#include "lowmeg/core/result.hpp"
#include "lowmeg/kvm/kvm_header.hpp"

namespace vmm {

/// Makes KVM's entries those of the processor with that APIC id. Pure.
void fit_cpuid(std::span<kvm_cpuid_entry2> entries, std::uint32_t apic_id);

/// Gives a vCPU that has not run its CPUID, and has KVM keep to it where it can. `kvm_fd` is /dev/kvm.
lowmeg::Result<void> set_cpuid(int kvm_fd, int vcpu_fd, std::uint32_t apic_id);

/// Whether that CPUID tells of an FPU: leaf 1, EDX bit 0.
lowmeg::Result<bool> tells_of_fpu(int kvm_fd);
/// The same of entries. Pure.
bool tells_of_fpu(std::span<const kvm_cpuid_entry2> entries);

}  // namespace vmm
