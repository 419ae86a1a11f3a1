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

Result<void> Vcpu::set_registers(const VcpuRegisters& registers) {
  VcpuRegisters copy = registers;
  kvm_mp_state runnable{KVM_MP_STATE_RUNNABLE};
  return kvm_call(fd_.get(), KVM_SET_SREGS, copy.system, "KVM_SET_SREGS")
      .and_then([&] { return kvm_call(fd_.get(), KVM_SET_REGS, copy.general, "KVM_SET_REGS"); })
      .and_then([&] { return kvm_call(fd_.get(), KVM_SET_MP_STATE, runnable, "KVM_SET_MP_STATE"); });
}

Result<void> Vcpu::reset() {
  return at_power_on_->write(fd_.get());
}

}  // namespace vmm
