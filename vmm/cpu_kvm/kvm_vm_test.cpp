#include "vmm/cpu_kvm/kvm_vm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmm {
namespace {

using lowmeg::kvm::Capabilities;
using testing::AllOf;
using testing::EndsWith;
using testing::StartsWith;

// "kNotSupported names what is missing and the way out."
TEST(EnoughForMachine, NamesWhatIsMissingAndTheWayOut) {
  const Capabilities enough{.user_memory = 1,
                            .readonly_memory = 1,
                            .memory_slots = 512,
                            .immediate_exit = 1,
                            .coalesced_mmio_page = 0,
                            .irqchip = 1,
                            .pit2 = 1,
                            .smm = 0,
                            .address_spaces = 0};
  EXPECT_TRUE(enough_for_machine(enough));
  struct Row {
    int Capabilities::* missing;
    const char* line;
  };
  const Row rows[] = {
      {&Capabilities::readonly_memory, "this KVM lacks KVM_CAP_READONLY_MEM: "},
      {&Capabilities::immediate_exit, "this KVM lacks KVM_CAP_IMMEDIATE_EXIT: CPUs cannot be paused"},
      {&Capabilities::irqchip, "this KVM lacks KVM_CAP_IRQCHIP: "},
      {&Capabilities::pit2, "this KVM lacks KVM_CAP_PIT2: "},
  };
  for (const Row& row : rows) {
    Capabilities lacking = enough;
    lacking.*row.missing = 0;
    const auto refused = enough_for_machine(lacking);
    ASSERT_FALSE(refused) << row.line;
    EXPECT_EQ(refused.error().code, lowmeg::Errc::kNotSupported) << row.line;
    EXPECT_THAT(refused.error().message(),
                AllOf(StartsWith(row.line), EndsWith("; use a newer kernel, or the software CPU")));
  }
}

}  // namespace
}  // namespace vmm
