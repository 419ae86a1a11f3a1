#include "vmm/cpu_kvm/guest_cpuid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace vmm {
namespace {

struct Leaf {
  std::uint32_t function, eax, ebx, ecx, edx;
  friend bool operator==(const Leaf&, const Leaf&) = default;
};

Leaf fitted(std::uint32_t function, std::uint32_t apic_id) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.eax = entry.ebx = entry.ecx = entry.edx = 0xffffffff;
  fit_cpuid({&entry, 1}, apic_id);
  return {entry.function, entry.eax, entry.ebx, entry.ecx, entry.edx};
}

// SDM volume 2, CPUID, and APM volume 3, E.3 and E.4; cpuid.rst, leaf 40000001h.
TEST(GuestCpuid, HasItsOwnApicIdAndHidesWhatItMust) {
  constexpr std::uint32_t kAll = 0xffffffff;
  const Leaf rows[] = {
      {0x00000000, kAll, kAll, kAll, kAll},
      {0x00000001, kAll, 0x05ffffff, kAll & ~0x20u, kAll},  // APIC id in EBX 31:24; VMX is ECX 5
      {0x00000004, kAll, kAll, kAll, kAll},
      {0x0000000b, kAll, kAll, kAll, 5},  // x2APIC id
      {0x0000001f, kAll, kAll, kAll, 5},
      {0x40000000, kAll, kAll, kAll, kAll},        // KVM's signature stays
      {0x40000001, 0, kAll, kAll, kAll},           // its features do not
      {0x80000001, kAll, kAll, kAll & ~4u, kAll},  // SVM is ECX 2
      {0x8000001e, 5, kAll, kAll, kAll},           // AMD's extended APIC id
  };
  for (const Leaf& row : rows) EXPECT_EQ(fitted(row.function, 5), row) << std::hex << row.function;
}

// SDM volume 2, CPUID, leaf 1: EDX bit 0.
TEST(GuestCpuid, TellsOfAnFpuByLeaf1) {
  struct Row {
    std::uint32_t function, edx;
    bool fpu;
  };
  for (const Row& row : {Row{1, 1, true}, Row{1, ~1u, false}, Row{0, ~0u, false}}) {
    kvm_cpuid_entry2 entry{};
    entry.function = row.function;
    entry.edx = row.edx;
    EXPECT_EQ(tells_of_fpu(std::span<const kvm_cpuid_entry2>(&entry, 1)), row.fpu) << row.function;
  }
}

TEST(GuestCpuid, CoversEverySubleaf) {
  std::vector<kvm_cpuid_entry2> entries(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    entries[i].function = 0x0b;
    entries[i].index = i;
  }
  fit_cpuid(entries, 3);
  EXPECT_TRUE(std::all_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.edx == 3; }));
}

}  // namespace
}  // namespace vmm
