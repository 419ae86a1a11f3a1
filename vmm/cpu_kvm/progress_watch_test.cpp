#include "vmm/cpu_kvm/progress_watch.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

using namespace std::chrono_literals;

VcpuLook at(std::uint64_t rip, std::uint64_t exits = 0) {
  VcpuLook look;
  look.registers.general.rip = rip;
  look.exits = exits;
  return look;
}

// Two looks, twice the time apart: suspected only if nothing at all has changed and it was to run.
TEST(ProgressWatch, SuspectsWhoDoesNotMove) {
  struct Row {
    const char* what;
    VcpuLook first, second;
    bool suspected;
  };
  VcpuLook halted = at(5), other_cx = at(5), other_cs = at(5);
  halted.mp_state = KVM_MP_STATE_HALTED;
  other_cx.registers.general.rcx = 1;
  other_cs.registers.system.cs.base = 0x10;
  const Row rows[] = {
      {"still", at(5), at(5), true},        {"moves", at(5), at(6), false},
      {"counts", at(5), other_cx, false},   {"another segment", at(5), other_cs, false},
      {"came out", at(5), at(5, 1), false}, {"halted", halted, halted, false},
  };
  for (const Row& row : rows) {
    ProgressWatch watch;
    const ProgressWatch::Time start{};
    const VcpuLook looks[] = {row.first};
    const VcpuLook later[] = {row.second};
    EXPECT_FALSE(watch.add(looks, start)) << row.what;
    EXPECT_FALSE(watch.add(later, start + ProgressWatch::kStill - 1ms)) << row.what;
    EXPECT_EQ(watch.add(later, start + ProgressWatch::kStill).has_value(), row.suspected) << row.what;
  }
}

TEST(ProgressWatch, NamesTheCpuAndForgets) {
  ProgressWatch watch;
  const ProgressWatch::Time start{};
  const VcpuLook first[] = {at(1), at(7), at(9)};
  const VcpuLook second[] = {at(2), at(7), at(9)};
  EXPECT_FALSE(watch.add(first, start));
  EXPECT_EQ(watch.add(second, start + ProgressWatch::kStill), 1u);
  watch.forget();
  EXPECT_FALSE(watch.add(second, start + ProgressWatch::kStill));
}

// Who waits for ever: halted with interrupts off, or a CPU that nobody starts.
TEST(VcpuLook, TellsWhoWaitsForEver) {
  struct Row {
    std::uint32_t mp_state;
    std::uint64_t rflags;
    bool nmi_pending, for_ever;
  };
  const Row rows[] = {
      {KVM_MP_STATE_HALTED, 0x2, false, true},        {KVM_MP_STATE_HALTED, 0x202, false, false},
      {KVM_MP_STATE_HALTED, 0x2, true, false},        {KVM_MP_STATE_RUNNABLE, 0x2, false, false},
      {KVM_MP_STATE_UNINITIALIZED, 0x2, false, true}, {KVM_MP_STATE_INIT_RECEIVED, 0x202, false, true},
  };
  for (const Row& row : rows) {
    VcpuLook look;
    look.mp_state = row.mp_state;
    look.registers.general.rflags = row.rflags;
    look.nmi_pending = row.nmi_pending;
    EXPECT_EQ(look.waits_for_ever(), row.for_ever) << row.mp_state << " " << row.rflags;
  }
}

}  // namespace
}  // namespace vmm
