#include "vmm/cpu_kvm/kvm_vm.hpp"

#include <string>

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::kvm::Syscalls;

// Three pages for the TSS, and before them one for the identity map (api.rst 4.34, 4.35).
constexpr std::uint64_t kIdentityMap = KvmVm::kReserved.start();
constexpr std::uintptr_t kTss = KvmVm::kReserved.start() + 0x1000;

template <typename T>
Result<void> call(int fd, unsigned long request, T& argument, const char* name) {
  // SAFETY: the request reads or writes the structure that it names, within the call only.
  if (lowmeg::kvm::ioctl(Syscalls::system(), fd, request, argument) < 0) return lowmeg::fail_errno(name);
  return {};
}

Result<void> call_with_number(int fd, unsigned long request, std::uintptr_t argument, const char* name) {
  // SAFETY: the argument is a number.
  if (Syscalls::system().ioctl(fd, request, argument) < 0) return lowmeg::fail_errno(name);
  return {};
}

}  // namespace

Result<std::unique_ptr<KvmVm>> KvmVm::create() {
  auto kvm = lowmeg::kvm::open_kvm();
  if (!kvm) return tl::unexpected(kvm.error());
  auto fd = lowmeg::kvm::create_vm(kvm->get());
  if (!fd) return tl::unexpected(fd.error());
  std::unique_ptr<KvmVm> vm(new KvmVm(std::move(*kvm), std::move(*fd)));
  auto done = vm->check().and_then([&] { return vm->furnish(); }).and_then([&] { return vm->remember(); });
  if (!done) return tl::unexpected(done.error());
  return vm;
}

KvmVm::KvmVm(lowmeg::kvm::Descriptor kvm, lowmeg::kvm::Descriptor vm)
    : kvm_(std::move(kvm)), vm_(std::move(vm)), capabilities_(lowmeg::kvm::query_capabilities(vm_.get())) {}

Result<void> KvmVm::check() const {
  if (auto enough = capabilities_.enough_for_mapper(); !enough) return enough;
  if (!capabilities_.immediate_exit)
    return lowmeg::fail(Errc::kNotSupported, "KVM here has no immediate_exit: vCPUs cannot be paused");
  if (!capabilities_.irqchip || !capabilities_.pit2)
    return lowmeg::fail(Errc::kNotSupported, "KVM here has no interrupt controllers or timer in the kernel");
  return {};
}

Result<void> KvmVm::furnish() {
  std::uint64_t identity_map = kIdentityMap;
  kvm_pit_config pit{};
  pit.flags = KVM_PIT_SPEAKER_DUMMY;
  return call_with_number(fd(), KVM_SET_TSS_ADDR, kTss, "KVM_SET_TSS_ADDR")
      .and_then(
          [&] { return call(fd(), KVM_SET_IDENTITY_MAP_ADDR, identity_map, "KVM_SET_IDENTITY_MAP_ADDR"); })
      .and_then([&] { return call_with_number(fd(), KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP"); })
      .and_then([&] { return call(fd(), KVM_CREATE_PIT2, pit, "KVM_CREATE_PIT2"); });
}

Result<void> KvmVm::remember() {
  at_power_on_.master.chip_id = KVM_IRQCHIP_PIC_MASTER;
  at_power_on_.slave.chip_id = KVM_IRQCHIP_PIC_SLAVE;
  at_power_on_.ioapic.chip_id = KVM_IRQCHIP_IOAPIC;
  for (kvm_irqchip* chip : {&at_power_on_.master, &at_power_on_.slave, &at_power_on_.ioapic}) {
    if (auto got = call(fd(), KVM_GET_IRQCHIP, *chip, "KVM_GET_IRQCHIP"); !got) return got;
  }
  return call(fd(), KVM_GET_PIT2, at_power_on_.pit, "KVM_GET_PIT2");
}

Result<void> KvmVm::reset() {
  for (kvm_irqchip* chip : {&at_power_on_.master, &at_power_on_.slave, &at_power_on_.ioapic}) {
    if (auto set = call(fd(), KVM_SET_IRQCHIP, *chip, "KVM_SET_IRQCHIP"); !set) return set;
  }
  return call(fd(), KVM_SET_PIT2, at_power_on_.pit, "KVM_SET_PIT2");
}

Result<void> KvmVm::set_irq_line(unsigned gsi, Line level) {
  kvm_irq_level line{};
  line.irq = gsi;
  line.level = level == Line::kHigh ? 1 : 0;
  return call(fd(), KVM_IRQ_LINE, line, "KVM_IRQ_LINE");
}

}  // namespace vmm
