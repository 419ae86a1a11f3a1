#include "vmm/cpu_kvm/kvm_vm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;
using lowmeg::kvm::Capabilities;

// Three pages for the TSS, and before them one for the identity map (api.rst 4.36, 4.40).
constexpr std::uint64_t kIdentityMap = KvmVm::kReserved.start();
constexpr std::uintptr_t kTss = KvmVm::kReserved.start() + 0x1000;

// What the CPUs and the board need besides what KvmMapper does.
struct Need {
  int Capabilities::* answer;
  const char* without;
};
constexpr Need kNeeds[] = {
    {&Capabilities::immediate_exit, "KVM_CAP_IMMEDIATE_EXIT: CPUs cannot be paused"},
    {&Capabilities::irqchip, "KVM_CAP_IRQCHIP: no interrupt controllers in the kernel"},
    {&Capabilities::pit2, "KVM_CAP_PIT2: no timer in the kernel"},
};
constexpr const char* kWayOut = "; use a newer kernel, or the software CPU";

}  // namespace

Result<void> enough_for_machine(const Capabilities& capabilities) {
  if (const auto enough = capabilities.enough_for_mapper(); !enough)
    return lowmeg::fail(Errc::kNotSupported, enough.error().what + kWayOut);
  const auto* const lacking =
      std::ranges::find_if(kNeeds, [&](const Need& need) { return capabilities.*need.answer == 0; });
  if (lacking == std::end(kNeeds)) return {};
  return lowmeg::fail(Errc::kNotSupported, fmt::format("this KVM lacks {}{}", lacking->without, kWayOut));
}

Result<std::unique_ptr<KvmVm>> KvmVm::create() {
  auto kvm = lowmeg::kvm::open_kvm();
  if (!kvm) return tl::unexpected(kvm.error());
  auto fd = lowmeg::kvm::create_vm(kvm->get());
  if (!fd) return tl::unexpected(fd.error());
  std::unique_ptr<KvmVm> vm(new KvmVm(std::move(*kvm), std::move(*fd)));
  auto done = enough_for_machine(lowmeg::kvm::query_capabilities(vm->fd()))
                  .and_then([&] { return vm->furnish(); })
                  .and_then([&] { return vm->remember(); });
  if (!done) return tl::unexpected(done.error());
  return vm;
}

KvmVm::KvmVm(lowmeg::kvm::Descriptor kvm, lowmeg::kvm::Descriptor vm)
    : kvm_(std::move(kvm)), vm_(std::move(vm)) {}

Result<void> KvmVm::furnish() {
  std::uint64_t identity_map = kIdentityMap;
  kvm_pit_config pit{};
  pit.flags = KVM_PIT_SPEAKER_DUMMY;
  return kvm_call_with_number(fd(), KVM_SET_TSS_ADDR, kTss, "KVM_SET_TSS_ADDR")
      .and_then([&] {
        return kvm_call(fd(), KVM_SET_IDENTITY_MAP_ADDR, identity_map, "KVM_SET_IDENTITY_MAP_ADDR");
      })
      .and_then([&] { return kvm_call_with_number(fd(), KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP"); })
      .and_then([&] { return kvm_call(fd(), KVM_CREATE_PIT2, pit, "KVM_CREATE_PIT2"); });
}

Result<void> KvmVm::remember() {
  at_power_on_.master.chip_id = KVM_IRQCHIP_PIC_MASTER;
  at_power_on_.slave.chip_id = KVM_IRQCHIP_PIC_SLAVE;
  at_power_on_.ioapic.chip_id = KVM_IRQCHIP_IOAPIC;
  for (kvm_irqchip* chip : {&at_power_on_.master, &at_power_on_.slave, &at_power_on_.ioapic}) {
    if (auto got = kvm_call(fd(), KVM_GET_IRQCHIP, *chip, "KVM_GET_IRQCHIP"); !got) return got;
  }
  return kvm_call(fd(), KVM_GET_PIT2, at_power_on_.pit, "KVM_GET_PIT2");
}

Result<void> KvmVm::reset() {
  for (kvm_irqchip* chip : {&at_power_on_.master, &at_power_on_.slave, &at_power_on_.ioapic}) {
    if (auto set = kvm_call(fd(), KVM_SET_IRQCHIP, *chip, "KVM_SET_IRQCHIP"); !set) return set;
  }
  return kvm_call(fd(), KVM_SET_PIT2, at_power_on_.pit, "KVM_SET_PIT2");
}

Result<void> KvmVm::set_irq_line(unsigned gsi, Line level) {
  kvm_irq_level line{};
  line.irq = gsi;
  line.level = level == Line::kHigh ? 1 : 0;
  return kvm_call(fd(), KVM_IRQ_LINE, line, "KVM_IRQ_LINE");
}

}  // namespace vmm
