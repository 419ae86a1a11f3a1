#include "vmm/cpu_kvm/vcpu.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>

#include "vmm/cpu_kvm/guest_cpuid.hpp"
#include "vmm/cpu_kvm/kvm_call.hpp"

namespace vmm {
namespace {

using lowmeg::Result;
using lowmeg::kvm::Descriptor;
using lowmeg::kvm::Syscalls;

}  // namespace

Result<std::unique_ptr<Vcpu>> Vcpu::create(const KvmVm& vm, unsigned id) {
  Syscalls& syscalls = Syscalls::system();
  // SAFETY: both take numbers only; the descriptor is ours.
  Descriptor fd(syscalls.ioctl(vm.fd(), KVM_CREATE_VCPU, id));
  if (fd.get() < 0) return lowmeg::fail_errno(fmt::format("KVM_CREATE_VCPU {}", id));
  const int size = syscalls.ioctl(vm.kvm_fd(), KVM_GET_VCPU_MMAP_SIZE, 0);
  if (size < 0) return lowmeg::fail_errno("KVM_GET_VCPU_MMAP_SIZE");
  const auto run_size = static_cast<std::size_t>(size);
  // SAFETY: a new mapping at an address of the kernel's choice, as large as KVM says; unmapped with the Vcpu.
  void* run = syscalls.mmap(nullptr, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (run == MAP_FAILED) return lowmeg::fail_errno("mmap kvm_run");
  std::unique_ptr<Vcpu> vcpu(new Vcpu(id, std::move(fd), static_cast<kvm_run*>(run), run_size));

  if (auto set = set_cpuid(vm.kvm_fd(), vcpu->fd_.get(), id); !set) return tl::unexpected(set.error());
  auto state = PowerOnState::read(vm, vcpu->fd_.get());
  if (!state) return tl::unexpected(state.error());
  vcpu->at_power_on_ = std::move(*state);
  return vcpu;
}

Vcpu::~Vcpu() {
  // SAFETY: our own mapping, unmapped once; the thread that ran the vCPU has ended.
  Syscalls::system().munmap(run_, run_size_);
}

void Vcpu::take_thread() {
  thread_ = pthread_self();
  pthread_setname_np(thread_, fmt::format("cpu {}", id_).c_str());
  sigset_t kick;
  sigemptyset(&kick);
  sigaddset(&kick, kKickSignal);
  pthread_sigmask(SIG_UNBLOCK, &kick, nullptr);
}

int Vcpu::enter_guest() {
  // SAFETY: KVM_RUN takes no argument; it writes to the kvm_run that this object maps.
  return Syscalls::system().ioctl(fd_.get(), KVM_RUN, 0) < 0 ? errno : 0;
}

// The kernel reads the byte while another thread of ours writes it: the store must be one, and not be moved
// past the signal that follows it.
void Vcpu::set_entry(Entry entry) {
  std::atomic_ref<std::uint8_t> immediate_exit(run_->immediate_exit);
  immediate_exit.store(entry == Entry::kLeave ? 1 : 0, std::memory_order_seq_cst);
}

Result<VcpuRegisters> Vcpu::registers() const {
  VcpuRegisters registers;
  auto got = kvm_call(fd_.get(), KVM_GET_REGS, registers.general, "KVM_GET_REGS").and_then([&] {
    return kvm_call(fd_.get(), KVM_GET_SREGS, registers.system, "KVM_GET_SREGS");
  });
  if (!got) return tl::unexpected(got.error());
  return registers;
}

Result<VcpuLook> Vcpu::look() const {
  VcpuLook look;
  kvm_mp_state mp_state{};
  kvm_vcpu_events events{};
  auto got =
      registers()
          .map([&](const VcpuRegisters& found) { look.registers = found; })
          .and_then([&] { return kvm_call(fd_.get(), KVM_GET_MP_STATE, mp_state, "KVM_GET_MP_STATE"); })
          .and_then([&] { return kvm_call(fd_.get(), KVM_GET_VCPU_EVENTS, events, "KVM_GET_VCPU_EVENTS"); });
  if (!got) return tl::unexpected(got.error());
  look.mp_state = mp_state.mp_state;
  look.nmi_pending = events.nmi.pending != 0;
  return look;
}

std::optional<lowmeg::Gpa> Vcpu::translate(std::uint64_t linear) const {
  kvm_translation translation{};
  translation.linear_address = linear;
  if (!kvm_call(fd_.get(), KVM_TRANSLATE, translation, "KVM_TRANSLATE") || translation.valid == 0)
    return std::nullopt;
  return translation.physical_address;
}

Result<void> Vcpu::set_stepping(Stepping stepping) {
  kvm_guest_debug debug{};
  if (stepping == Stepping::kOneInstruction) debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
  return kvm_call(fd_.get(), KVM_SET_GUEST_DEBUG, debug, "KVM_SET_GUEST_DEBUG");
}

Result<void> Vcpu::set_registers(const VcpuRegisters& registers) {
  VcpuRegisters copy = registers;
  kvm_mp_state runnable{KVM_MP_STATE_RUNNABLE};
  return kvm_call(fd_.get(), KVM_SET_SREGS, copy.system, "KVM_SET_SREGS")
      .and_then([&] { return kvm_call(fd_.get(), KVM_SET_REGS, copy.general, "KVM_SET_REGS"); })
      .and_then([&] { return kvm_call(fd_.get(), KVM_SET_MP_STATE, runnable, "KVM_SET_MP_STATE"); });
}

Result<void> Vcpu::reset() {
  return at_power_on_->write(fd_.get()).and_then([this] { return reload_page_tables(); });
}

// KVM takes a latched INIT from who restores a vCPU, with or without SMM (api.rst 4.32), and acts on it
// before it tells the MP state.
Result<void> Vcpu::init() {
  kvm_vcpu_events events{};
  kvm_mp_state mp_state{};
  return kvm_call(fd_.get(), KVM_GET_VCPU_EVENTS, events, "KVM_GET_VCPU_EVENTS")
      .and_then([&] {
        events.flags |= KVM_VCPUEVENT_VALID_SMM;
        events.smi.latched_init = 1;
        return kvm_call(fd_.get(), KVM_SET_VCPU_EVENTS, events, "KVM_SET_VCPU_EVENTS");
      })
      .and_then([&] { return kvm_call(fd_.get(), KVM_GET_MP_STATE, mp_state, "KVM_GET_MP_STATE"); })
      .and_then([&] { return reload_page_tables(); });
}

// After a triple fault KVM on AMD has a fresh control block (shutdown_interception in the kernel's svm.c)
// without the root of the nested page tables, and its INIT loads them only if paging was on: the CPU would
// never fetch, unless a slot call happens to have them loaded. A change of CR3 makes it load them; paging is
// off, so the guest sees none of it.
Result<void> Vcpu::reload_page_tables() {
  constexpr std::uint64_t kAnother = 0x1000;
  kvm_sregs registers{};
  return kvm_call(fd_.get(), KVM_GET_SREGS, registers, "KVM_GET_SREGS")
      .and_then([&] {
        registers.cr3 ^= kAnother;
        return kvm_call(fd_.get(), KVM_SET_SREGS, registers, "KVM_SET_SREGS");
      })
      .and_then([&] {
        registers.cr3 ^= kAnother;
        return kvm_call(fd_.get(), KVM_SET_SREGS, registers, "KVM_SET_SREGS");
      });
}

}  // namespace vmm
