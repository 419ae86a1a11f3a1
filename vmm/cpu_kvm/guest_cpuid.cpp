#include "vmm/cpu_kvm/guest_cpuid.hpp"

#include <algorithm>

#include "vmm/cpu_kvm/flexible.hpp"
#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

using lowmeg::Result;

constexpr std::size_t kMaxEntries = 256;

using Cpuid = Flexible<kvm_cpuid2, kvm_cpuid_entry2>;
using Register = std::uint32_t kvm_cpuid_entry2::*;

// Where CPUID tells a processor its APIC id: SDM volume 2, CPUID, leaves 01h, 0Bh and 1Fh; APM volume 3,
// E.4.17, leaf 8000001Eh.
struct ApicIdField {
  std::uint32_t function;
  Register field;
  std::uint32_t mask;
  unsigned shift;
};
constexpr ApicIdField kApicIdFields[] = {
    {0x01, &kvm_cpuid_entry2::ebx, 0xff000000, 24},
    {0x0b, &kvm_cpuid_entry2::edx, 0xffffffff, 0},
    {0x1f, &kvm_cpuid_entry2::edx, 0xffffffff, 0},
    {0x8000001e, &kvm_cpuid_entry2::eax, 0xffffffff, 0},
};

// What the guest is not told of. Virtualisation: in VMX operation CR4.VMXE is fixed (SDM volume 3, 24.7), so
// that a reset could not put the registers back. KVM's paravirtual features (cpuid.rst, leaf 40000001h): its
// clock and the like have the kernel write to guest memory where the guest says, whatever the map says.
struct Hidden {
  std::uint32_t function;
  Register field;
  std::uint32_t bits;
};
constexpr Hidden kHidden[] = {
    {0x01, &kvm_cpuid_entry2::ecx, 1u << 5},        // VMX
    {0x80000001, &kvm_cpuid_entry2::ecx, 1u << 2},  // SVM
    {0x40000001, &kvm_cpuid_entry2::eax, 0xffffffff},
};

Result<Cpuid> supported_cpuid(int kvm_fd) {
  Cpuid cpuid(kMaxEntries);
  cpuid.head().nent = kMaxEntries;
  auto got = kvm_call(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid.head(), "KVM_GET_SUPPORTED_CPUID");
  if (!got) return tl::unexpected(got.error());
  return cpuid;
}

// A guest may use the paravirtual features without asking CPUID; then this KVM refuses (api.rst 8.28).
Result<void> enforce_hidden_features(int kvm_fd, int vcpu_fd) {
  if (kvm_extension(kvm_fd, KVM_CAP_ENFORCE_PV_FEATURE_CPUID) == 0) return {};
  kvm_enable_cap enforce{};
  enforce.cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID;
  enforce.args[0] = 1;
  return kvm_call(vcpu_fd, KVM_ENABLE_CAP, enforce, "KVM_ENABLE_CAP, KVM_CAP_ENFORCE_PV_FEATURE_CPUID");
}

}  // namespace

void fit_cpuid(std::span<kvm_cpuid_entry2> entries, std::uint32_t apic_id) {
  for (kvm_cpuid_entry2& entry : entries) {
    for (const ApicIdField& row : kApicIdFields) {
      if (entry.function != row.function) continue;
      entry.*row.field = (entry.*row.field & ~row.mask) | (apic_id << row.shift & row.mask);
    }
    for (const Hidden& row : kHidden) {
      if (entry.function == row.function) entry.*row.field &= ~row.bits;
    }
  }
}

bool tells_of_fpu(std::span<const kvm_cpuid_entry2> entries) {
  return std::ranges::any_of(entries, [](const kvm_cpuid_entry2& entry) {
    constexpr std::uint32_t fpu = 1;
    return entry.function == 1 && (entry.edx & fpu) != 0;
  });
}

Result<bool> tells_of_fpu(int kvm_fd) {
  Result<Cpuid> cpuid = supported_cpuid(kvm_fd);
  if (!cpuid) return tl::unexpected(cpuid.error());
  return tells_of_fpu(cpuid->entries().first(cpuid->head().nent));
}

Result<void> set_cpuid(int kvm_fd, int vcpu_fd, std::uint32_t apic_id) {
  Result<Cpuid> cpuid = supported_cpuid(kvm_fd);
  if (!cpuid) return tl::unexpected(cpuid.error());
  fit_cpuid(cpuid->entries().first(cpuid->head().nent), apic_id);
  return kvm_call(vcpu_fd, KVM_SET_CPUID2, cpuid->head(), "KVM_SET_CPUID2").and_then([&] {
    return enforce_hidden_features(kvm_fd, vcpu_fd);
  });
}

}  // namespace vmm
