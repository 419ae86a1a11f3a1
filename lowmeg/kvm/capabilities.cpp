#include "lowmeg/kvm/capabilities.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lowmeg/kvm/kvm_header.hpp"

namespace lowmeg::kvm {
namespace {

enum class Need { kMapper, kGood };

struct Row {
  int number;
  int Capabilities::* answer;
  int least;
  Need need;
  const char* without;
};

constexpr Row kRows[] = {
    {KVM_CAP_USER_MEMORY, &Capabilities::user_memory, 1, Need::kMapper,
     "KVM_CAP_USER_MEMORY: the guest can have no memory"},
    {KVM_CAP_READONLY_MEM, &Capabilities::readonly_memory, 1, Need::kMapper,
     "KVM_CAP_READONLY_MEM: ROM and write-protected RAM cannot be shown to the guest"},
    {KVM_CAP_NR_MEMSLOTS, &Capabilities::memory_slots, 32, Need::kGood,
     "KVM_CAP_NR_MEMSLOTS: fewer than 32 memory slots"},
    {KVM_CAP_IMMEDIATE_EXIT, &Capabilities::immediate_exit, 1, Need::kGood,
     "KVM_CAP_IMMEDIATE_EXIT: vCPUs cannot be paused at an instruction boundary"},
    {KVM_CAP_COALESCED_MMIO, &Capabilities::coalesced_mmio_page, 1, Need::kGood,
     "KVM_CAP_COALESCED_MMIO: each write to write-only memory exits, which is slow"},
    {KVM_CAP_IRQCHIP, &Capabilities::irqchip, 1, Need::kGood,
     "KVM_CAP_IRQCHIP: no interrupt controllers in the kernel"},
    {KVM_CAP_PIT2, &Capabilities::pit2, 1, Need::kGood, "KVM_CAP_PIT2: no timer in the kernel"},
    {KVM_CAP_X86_SMM, &Capabilities::smm, 1, Need::kGood,
     "KVM_CAP_X86_SMM: no system management mode, so SMRAM has no guest that enters it"},
    {KVM_CAP_MULTI_ADDRESS_SPACE, &Capabilities::address_spaces, 2, Need::kGood,
     "KVM_CAP_MULTI_ADDRESS_SPACE: system management mode cannot see a map of its own"},
};

std::string advice(int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return "; load the module kvm_intel or kvm_amd, and switch virtualisation on in the firmware set-up";
    case EACCES:
    case EPERM:
      return "; join the group kvm, or run as root";
    case EBUSY:
      return "; another hypervisor uses the processor's virtualisation: end its machines, or unload its "
             "module";
    default:
      return "";
  }
}

// The line of the system call that just failed, with what helps.
Error error_with_advice(const char* operation) {
  Error error = fail_errno(operation).value();
  error.what = error.message() + advice(error.os_error);
  error.os_error = 0;
  return error;
}

}  // namespace

std::vector<std::string> Capabilities::missing() const {
  std::vector<std::string> lines;
  for (const Row& row : kRows) {
    if (this->*row.answer < row.least) lines.emplace_back(row.without);
  }
  return lines;
}

Result<void> Capabilities::enough_for_mapper() const {
  const auto* const lacking = std::ranges::find_if(
      kRows, [this](const Row& row) { return row.need == Need::kMapper && this->*row.answer < row.least; });
  if (lacking == std::end(kRows)) return {};
  return fail(Errc::kNotSupported, fmt::format("this KVM lacks {}", lacking->without));
}

Capabilities query_capabilities(int fd, Syscalls& syscalls) {
  Capabilities result;
  for (const Row& row : kRows) {
    // SAFETY: the argument is a number; nothing is written.
    result.*row.answer =
        std::max(0, syscalls.ioctl(fd, KVM_CHECK_EXTENSION, static_cast<std::uintptr_t>(row.number)));
  }
  return result;
}

Result<Descriptor> open_kvm(Syscalls& syscalls) {
  Descriptor kvm(syscalls.open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (kvm.get() < 0) return tl::unexpected(error_with_advice("cannot open /dev/kvm"));
  // SAFETY: no argument.
  const int version = syscalls.ioctl(kvm.get(), KVM_GET_API_VERSION, 0);
  if (version < 0) return fail_errno("/dev/kvm does not answer as KVM does");
  if (version != kApiVersion) {
    return fail(
        Errc::kNotSupported,
        fmt::format("/dev/kvm speaks version {} of its interface, not {}; use a kernel from 2007 or later",
                    version, kApiVersion));
  }
  return kvm;
}

Result<Descriptor> create_vm(int kvm_fd, Syscalls& syscalls) {
  // SAFETY: the argument is the machine type, 0; the descriptor that comes back is ours.
  Descriptor vm(syscalls.ioctl(kvm_fd, KVM_CREATE_VM, 0));
  if (vm.get() < 0) return tl::unexpected(error_with_advice("KVM_CREATE_VM"));
  return vm;
}

Result<void> zap_no_more_than_the_slot(int vm_fd, Syscalls& syscalls) {
  // SAFETY: the argument is a number.
  const int quirks = syscalls.ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_DISABLE_QUIRKS2);
  if (quirks < 0 || (static_cast<unsigned>(quirks) & kQuirkSlotZapAll) == 0)
    return fail(Errc::kNotSupported, "this KVM always drops all page tables when a slot is deleted");
  kvm_enable_cap enable{};
  enable.cap = KVM_CAP_DISABLE_QUIRKS2;
  enable.args[0] = kQuirkSlotZapAll;
  // SAFETY: KVM reads the structure.
  if (ioctl(syscalls, vm_fd, KVM_ENABLE_CAP, enable) != 0)
    return fail_errno("KVM_ENABLE_CAP, KVM_CAP_DISABLE_QUIRKS2");
  return {};
}

}  // namespace lowmeg::kvm
