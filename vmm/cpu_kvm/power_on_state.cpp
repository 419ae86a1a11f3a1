#include "vmm/cpu_kvm/power_on_state.hpp"

#include <cerrno>

#include "vmm/cpu_kvm/flexible.hpp"
#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

using lowmeg::Result;

using MsrList = Flexible<kvm_msr_list, std::uint32_t>;
using OneMsr = Flexible<kvm_msrs, kvm_msr_entry>;

Result<std::vector<std::uint32_t>> msr_indices(int kvm_fd) {
  MsrList count(0);
  // The first call tells how many there are by failing with E2BIG (api.rst 4.3).
  auto counted = kvm_call(kvm_fd, KVM_GET_MSR_INDEX_LIST, count.head(), "KVM_GET_MSR_INDEX_LIST");
  if (!counted && counted.error().os_error != E2BIG) return tl::unexpected(counted.error());
  MsrList list(count.head().nmsrs);
  list.head().nmsrs = count.head().nmsrs;
  if (auto got = kvm_call(kvm_fd, KVM_GET_MSR_INDEX_LIST, list.head(), "KVM_GET_MSR_INDEX_LIST"); !got)
    return tl::unexpected(got.error());
  return std::vector(list.entries().begin(), list.entries().end());
}

// One at a time: KVM stops at the first that this vCPU has not got, and the list is the host's.
bool transfer(int vcpu_fd, unsigned long request, kvm_msr_entry& entry) {
  OneMsr one(1);
  one.head().nmsrs = 1;
  one.entries()[0] = entry;
  // SAFETY: a kvm_msrs with room for its one entry.
  const int done = lowmeg::kvm::ioctl(lowmeg::kvm::Syscalls::system(), vcpu_fd, request, one.head());
  entry = one.entries()[0];
  return done == 1;
}

}  // namespace

Result<PowerOnState> PowerOnState::read(const KvmVm& vm, int vcpu_fd) {
  PowerOnState state;
  auto done =
      kvm_call(vcpu_fd, KVM_GET_SREGS, state.registers_.system, "KVM_GET_SREGS")
          .and_then([&] { return kvm_call(vcpu_fd, KVM_GET_REGS, state.registers_.general, "KVM_GET_REGS"); })
          .and_then([&] { return kvm_call(vcpu_fd, KVM_GET_MP_STATE, state.mp_state_, "KVM_GET_MP_STATE"); })
          .and_then([&] { return kvm_call(vcpu_fd, KVM_GET_LAPIC, state.lapic_, "KVM_GET_LAPIC"); })
          .and_then(
              [&] { return kvm_call(vcpu_fd, KVM_GET_VCPU_EVENTS, state.events_, "KVM_GET_VCPU_EVENTS"); })
          .and_then([&] { return kvm_call(vcpu_fd, KVM_GET_DEBUGREGS, state.debug_, "KVM_GET_DEBUGREGS"); });
  if (!done) return tl::unexpected(done.error());
  auto extended = ExtendedState::read(vm.fd(), vcpu_fd);
  if (!extended) return tl::unexpected(extended.error());
  state.extended_ = std::move(*extended);
  const auto indices = msr_indices(vm.kvm_fd());
  if (!indices) return tl::unexpected(indices.error());
  for (const std::uint32_t index : *indices) {
    kvm_msr_entry entry{};
    entry.index = index;
    if (transfer(vcpu_fd, KVM_GET_MSRS, entry)) state.msrs_.push_back(entry);
  }
  return state;
}

Result<void> PowerOnState::write(int vcpu_fd) const {
  PowerOnState copy = *this;  // the ioctls take what they only read as writable
  // The order is KVM's: the APIC's base (in sregs) before the APIC, the MSRs between, the events last. These
  // withdraw an INIT that came after the CPU's last step (smi.latched_init), and then a SIPI goes nowhere.
  auto done =
      kvm_call(vcpu_fd, KVM_SET_SREGS, copy.registers_.system, "KVM_SET_SREGS")
          .and_then([&] { return kvm_call(vcpu_fd, KVM_SET_REGS, copy.registers_.general, "KVM_SET_REGS"); })
          .and_then([&] { return extended_.write(vcpu_fd); });
  if (!done) return done;
  for (const kvm_msr_entry& wanted : msrs_) {
    kvm_msr_entry entry = wanted;
    if (!transfer(vcpu_fd, KVM_GET_MSRS, entry) || entry.data == wanted.data) continue;
    entry.data = wanted.data;
    // One that cannot be put back (some are read-only) is left as it is.
    static_cast<void>(transfer(vcpu_fd, KVM_SET_MSRS, entry));
  }
  return kvm_call(vcpu_fd, KVM_SET_MP_STATE, copy.mp_state_, "KVM_SET_MP_STATE")
      .and_then([&] { return kvm_call(vcpu_fd, KVM_SET_LAPIC, copy.lapic_, "KVM_SET_LAPIC"); })
      .and_then([&] { return kvm_call(vcpu_fd, KVM_SET_DEBUGREGS, copy.debug_, "KVM_SET_DEBUGREGS"); })
      .and_then([&] { return kvm_call(vcpu_fd, KVM_SET_VCPU_EVENTS, copy.events_, "KVM_SET_VCPU_EVENTS"); });
}

}  // namespace vmm
