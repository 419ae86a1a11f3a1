// What a guest can leave behind in a vCPU, put there from outside: a reset takes it away.
#include "vmm/cpu_kvm/power_on_state.hpp"

#include <gtest/gtest.h>

#include "vmm/cpu_kvm/guest_cpuid.hpp"
#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

class PowerOnStateTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kId = 1;  // not the first: it waits for INIT and SIPI

  void SetUp() override {
    auto vm = KvmVm::create();
    if (!vm) GTEST_SKIP() << vm.error().message();
    vm_ = std::move(*vm);
    // SAFETY: the argument is a number; the descriptor is ours.
    vcpu_ = lowmeg::kvm::Descriptor(lowmeg::kvm::Syscalls::system().ioctl(vm_->fd(), KVM_CREATE_VCPU, kId));
    ASSERT_TRUE(set_cpuid(vm_->kvm_fd(), vcpu_.get(), kId));
    state_ = PowerOnState::read(*vm_, vcpu_.get()).value();
  }

  template <typename T>
  T get(unsigned long request) {
    T value{};
    EXPECT_TRUE(kvm_call(vcpu_.get(), request, value, "get"));
    return value;
  }
  std::uint32_t mp_state() { return get<kvm_mp_state>(KVM_GET_MP_STATE).mp_state; }
  // An interrupt message from nobody (SDM volume 3, 11.11).
  void send(std::uint32_t data) {
    kvm_msi message{};
    message.address_lo = 0xfeeff000;  // to all: by its id KVM does not find one that has not run
    message.data = data;
    ASSERT_TRUE(kvm_call(vm_->fd(), KVM_SIGNAL_MSI, message, "KVM_SIGNAL_MSI"));
  }

  std::unique_ptr<KvmVm> vm_;
  lowmeg::kvm::Descriptor vcpu_;
  PowerOnState state_;
};

// The XSAVE area (SDM volume 1, 13.4) in dwords: what is spoilt is as before.
TEST_F(PowerOnStateTest, PutsBackSseAndAvx) {
  if (kvm_extension(vm_->fd(), KVM_CAP_XSAVE2) == 0) GTEST_SKIP() << "this KVM has no KVM_GET_XSAVE2";
  struct Row {
    const char* name;
    std::size_t dword;
    std::uint32_t spoilt;
  };
  const Row rows[] = {
      {"FCW", 0, 0x0c7f}, {"MXCSR", 6, 0x7f80}, {"XMM0", 40, 1}, {"YMM0, upper half", 144, 1}};
  constexpr std::size_t kXstateBv = 128;
  const auto size = static_cast<std::size_t>(kvm_extension(vm_->fd(), KVM_CAP_XSAVE2));
  Flexible<kvm_xsave, std::uint8_t> area(size - sizeof(kvm_xsave));
  const auto transfer = [&](unsigned long request) {
    return kvm_call(vcpu_.get(), request, area.head(), "");
  };
  ASSERT_TRUE(transfer(KVM_GET_XSAVE2));
  std::uint32_t before[std::size(rows)];
  for (std::size_t i = 0; i < std::size(rows); ++i)
    before[i] = std::exchange(area.head().region[rows[i].dword], rows[i].spoilt);
  area.head().region[kXstateBv] |= 7;  // x87, SSE, AVX
  ASSERT_TRUE(transfer(KVM_SET_XSAVE));

  ASSERT_TRUE(state_.write(vcpu_.get()));
  ASSERT_TRUE(transfer(KVM_GET_XSAVE2));
  for (std::size_t i = 0; i < std::size(rows); ++i)
    EXPECT_EQ(area.head().region[rows[i].dword], before[i]) << rows[i].name;
}

// "XCR0 ... 1 after power-on": SDM volume 3, table 9-1.
TEST_F(PowerOnStateTest, PutsBackXcr0) {
  if (kvm_extension(vm_->fd(), KVM_CAP_XCRS) == 0) GTEST_SKIP() << "this KVM has no XCR0";
  kvm_xcrs xcrs = get<kvm_xcrs>(KVM_GET_XCRS);
  ASSERT_EQ(xcrs.xcrs[0].value, 1u);
  xcrs.xcrs[0].value = 3;  // SSE
  ASSERT_TRUE(kvm_call(vcpu_.get(), KVM_SET_XCRS, xcrs, "KVM_SET_XCRS"));
  ASSERT_EQ(get<kvm_xcrs>(KVM_GET_XCRS).xcrs[0].value, 3u);
  ASSERT_TRUE(state_.write(vcpu_.get()));
  EXPECT_EQ(get<kvm_xcrs>(KVM_GET_XCRS).xcrs[0].value, 1u);
}

// "INIT and SIPI that are on their way to it are lost": the CPU waits for its start again.
TEST_F(PowerOnStateTest, TakesAwayInitAndSipi) {
  constexpr std::uint32_t kInit = 0x500, kSipi = 0x605;
  ASSERT_EQ(mp_state(), std::uint32_t{KVM_MP_STATE_UNINITIALIZED});
  send(kInit);
  send(kSipi);
  ASSERT_EQ(mp_state(), std::uint32_t{KVM_MP_STATE_RUNNABLE}) << "they arrive, and asking has them taken";
  ASSERT_TRUE(state_.write(vcpu_.get()));
  ASSERT_EQ(mp_state(), std::uint32_t{KVM_MP_STATE_UNINITIALIZED});
  send(kInit);
  send(kSipi);
  ASSERT_TRUE(state_.write(vcpu_.get()));
  EXPECT_EQ(mp_state(), std::uint32_t{KVM_MP_STATE_UNINITIALIZED});
  EXPECT_EQ(get<kvm_regs>(KVM_GET_REGS).rip, 0xfff0u);
}

}  // namespace
}  // namespace vmm
