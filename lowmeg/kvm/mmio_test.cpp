#include "lowmeg/kvm/mmio.hpp"

#include <gtest/gtest.h>

namespace lowmeg::kvm {
namespace {

// The fields of kvm_run that the kernel fills (api.rst, "The kvm_run structure").
TEST(Mmio, IsTakenFromTheExit) {
  kvm_run run{};
  run.exit_reason = KVM_EXIT_MMIO;
  run.mmio.phys_addr = 0xc0001;
  run.mmio.len = 4;
  run.mmio.is_write = 1;
  run.mmio.data[3] = 9;
  const MmioAccess access = MmioAccess::of(run);
  EXPECT_EQ(access.gpa, 0xc0001u);
  EXPECT_EQ(access.direction, MmioDirection::kWrite);
  ASSERT_EQ(access.data.size(), 4u);
  EXPECT_EQ(access.data.data(), run.mmio.data) << "what is read goes back to the guest";
  run.mmio.is_write = 0;
  EXPECT_EQ(MmioAccess::of(run).direction, MmioDirection::kRead);
}

// "KVM_EXIT_INTERNAL_ERROR suberror 1, ndata = 6, data[0] = 0 (a real emulation failure has ndata = 8,
// data[0] = 1)"
TEST(FetchWithoutSlot, IsToldFromOtherErrors) {
  struct Row {
    const char* name;
    std::uint32_t exit_reason, suberror, ndata;
    std::uint64_t flags;
    bool is_fetch;
  };
  const Row rows[] = {
      {"a fetch without a slot", KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_EMULATION, 6, 0, true},
      {"an instruction that cannot be emulated", KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_EMULATION, 8, 1,
       false},
      {"an old kernel that says nothing", KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_EMULATION, 0, 0, false},
      {"another error", KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_DELIVERY_EV, 6, 0, false},
      {"another exit", KVM_EXIT_MMIO, KVM_INTERNAL_ERROR_EMULATION, 6, 0, false},
  };
  for (const Row& row : rows) {
    kvm_run run{};
    run.exit_reason = row.exit_reason;
    run.internal.suberror = row.suberror;
    run.internal.ndata = row.ndata;
    run.internal.data[0] = row.flags;
    EXPECT_EQ(is_fetch_without_slot(run), row.is_fetch) << row.name;
  }
}

}  // namespace
}  // namespace lowmeg::kvm
