// KVM's user interface, linux/kvm.h, as C++ can use it. The one place that includes it.
//
// Source: Linux, Documentation/virt/kvm/api.rst. A structure that ends in a flexible array comes out too
// large in C++ with some headers (Debian 12's): their macro puts an empty structure before the array, which
// has size 1 in C++. Then KVM_GET_SUPPORTED_CPUID gets another number than the kernel knows and gives EINVAL,
// and the coalesced ring is read at the wrong place. So the macro is redefined, and the sizes are proved
// below.
#pragma once

#include <linux/stddef.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // arrays without a size: C, not C++

#undef __DECLARE_FLEX_ARRAY
// NOLINTNEXTLINE(bugprone-reserved-identifier): the header's own name
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) TYPE NAME[]
#include <linux/kvm.h>

#pragma GCC diagnostic pop

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lowmeg::kvm {

// The sizes are part of the ioctl numbers: arch/x86/include/uapi/asm/kvm.h and include/uapi/linux/kvm.h.
static_assert(sizeof(kvm_cpuid2) == 8 && sizeof(kvm_cpuid_entry2) == 40);
static_assert(sizeof(kvm_msrs) == 8 && sizeof(kvm_msr_list) == 4);
static_assert(sizeof(kvm_signal_mask) == 4 && sizeof(kvm_irq_routing) == 8);
static_assert(sizeof(kvm_coalesced_mmio) == 24 && sizeof(kvm_coalesced_mmio_zone) == 16);
static_assert(sizeof(kvm_coalesced_mmio_ring) == 8 && offsetof(kvm_coalesced_mmio_ring, coalesced_mmio) == 8);
static_assert(sizeof(kvm_userspace_memory_region) == 32);
static_assert(sizeof(kvm_xsave) == 4096 && sizeof(kvm_xcrs) == 392);

/// The version that every kernel since 2.6.22 answers to KVM_GET_API_VERSION; the interface is refused
/// otherwise.
inline constexpr int kApiVersion = 12;
static_assert(KVM_API_VERSION == kApiVersion);

/// Entries of the coalesced ring: KVM_COALESCED_MMIO_MAX, which the header spells with the kernel's
/// PAGE_SIZE.
inline constexpr unsigned kCoalescedRingEntries =
    (4096 - sizeof(kvm_coalesced_mmio_ring)) / sizeof(kvm_coalesced_mmio);

/// KVM_X86_QUIRK_SLOT_ZAP_ALL (api.rst, 7.28), which headers before Linux 6.12 lack.
inline constexpr unsigned kQuirkSlotZapAll = 0x80;

/// KVM_EXIT_MEMORY_FAULT (api.rst, 5), which headers before Linux 6.8 lack: KVM_RUN fails with EFAULT or
/// EHWPOISON and says where.
inline constexpr std::uint32_t kExitMemoryFault = 39;
struct MemoryFault {
  std::uint64_t flags;
  std::uint64_t gpa;
  std::uint64_t size;
};
inline MemoryFault memory_fault(const kvm_run& run) {
  MemoryFault fault{};
  // SAFETY: the kernel writes the structure into the union that `padding` fills.
  std::memcpy(&fault, &run.padding, sizeof(fault));
  return fault;
}

}  // namespace lowmeg::kvm
