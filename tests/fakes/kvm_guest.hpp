// A VM with one vCPU in real mode, its first 640 KiB in slot 0, and the run loop that an embedder would
// write.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <initializer_list>
#include <memory>

#include "lowmeg/kvm/capabilities.hpp"
#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::fakes {

/// Where real KVM is missing create() says why, for GTEST_SKIP.
class KvmGuest {
 public:
  static constexpr GpaRange kLowMemory{0, 0xa0000};
  static constexpr std::uint32_t kFirstFreeSlot = 1;
  enum class LowMemory { kInSlot0, kNone };

  static Result<std::unique_ptr<KvmGuest>> create(LowMemory low_memory = LowMemory::kInSlot0) {
    auto kvm = kvm::open_kvm();
    if (!kvm) return tl::unexpected(kvm.error());
    if (auto enough = kvm::query_capabilities(kvm->get()).enough_for_mapper(); !enough) {
      return tl::unexpected(enough.error());
    }
    auto vm = kvm::create_vm(kvm->get());
    if (!vm) return tl::unexpected(vm.error());
    auto memory = memory::Backing::create("guest", kLowMemory.size());
    if (!memory) return tl::unexpected(memory.error());
    std::unique_ptr<KvmGuest> guest(new KvmGuest(std::move(*kvm), std::move(*vm), std::move(*memory)));
    if (auto ready = guest->prepare(low_memory); !ready) return tl::unexpected(ready.error());
    return guest;
  }
  KvmGuest(const KvmGuest&) = delete;
  KvmGuest& operator=(const KvmGuest&) = delete;
  ~KvmGuest() {
    // SAFETY: the vCPU's mapping, made by prepare().
    if (run_ != nullptr) munmap(run_, run_size_);
  }

  int vm_fd() const { return vm_.get(); }
  int vcpu_fd() const { return vcpu_.get(); }
  kvm_run* run() { return run_; }
  std::uint8_t* low_memory() { return memory_.bytes().data(); }
  void load(Gpa gpa, std::initializer_list<std::uint8_t> bytes) {
    std::ranges::copy(bytes, low_memory() + gpa);
  }

  /// The vCPU enters system management mode before its next instruction.
  Result<void> send_smi() {
    // SAFETY: no argument.
    if (system_.ioctl(vcpu_.get(), KVM_SMI, 0) != 0) return fail_errno("KVM_SMI");
    return {};
  }

  /// The vCPU stands at segment:ip, with all segments but CS at 0.
  Result<void> set_start(std::uint16_t segment, std::uint16_t ip) {
    kvm_sregs sregs{};
    if (kvm::ioctl(system_, vcpu_.get(), KVM_GET_SREGS, sregs) != 0) return fail_errno("KVM_GET_SREGS");
    for (kvm_segment* other : {&sregs.ds, &sregs.es, &sregs.ss, &sregs.fs, &sregs.gs}) {
      other->base = 0;
      other->selector = 0;
    }
    sregs.cs.selector = segment;
    sregs.cs.base = std::uint64_t{segment} * 16;
    if (kvm::ioctl(system_, vcpu_.get(), KVM_SET_SREGS, sregs) != 0) return fail_errno("KVM_SET_SREGS");
    kvm_regs registers{};
    registers.rip = ip;
    registers.rsp = 0x0ff0;
    registers.rflags = 2;
    if (kvm::ioctl(system_, vcpu_.get(), KVM_SET_REGS, registers) != 0) return fail_errno("KVM_SET_REGS");
    return {};
  }

  /// Starts at segment:ip with all segments but CS at 0 and runs until HLT; what the map leaves to the bus
  /// goes to `bus`. An error for any other exit.
  Result<void> run_until_halt(
      kvm::KvmMapper& mapper, std::uint16_t segment, std::uint16_t ip,
      const std::function<void(const kvm::MmioAccess&)>& bus = [](const auto&) {}) {
    if (auto set = set_start(segment, ip); !set) return set;
    return go_on_until_halt(mapper, bus);
  }

  /// The same from where it stopped.
  Result<void> go_on_until_halt(kvm::KvmMapper& mapper,
                                const std::function<void(const kvm::MmioAccess&)>& bus) {
    using Action = kvm::AfterRun::Action;
    for (;;) {
      const std::uint64_t generation = mapper.generation();
      // SAFETY: no argument; KVM fills run_.
      const int error = system_.ioctl(vcpu_.get(), KVM_RUN, 0) != 0 ? errno : 0;
      if (error == EFAULT) ++refused;
      if (error == 0 && run_->exit_reason == KVM_EXIT_MMIO) ++mmio_exits;
      kvm::AfterRun after = mapper.after_run(
          {.run = *run_, .error = error, .entered = generation, .fd = vcpu_.get(), .rip = [this] {
             return linear_rip();
           }});
      for (kvm::BusWrite& write : after.writes)
        bus({write.at, kvm::MmioDirection::kWrite, std::span(write.bytes).first(write.size)});
      if (after.action == Action::kBus) bus(after.access);
      if (after.action == Action::kStop) return fail(Errc::kNotSupported, after.line);
      if (after.action != Action::kEmbedder) continue;
      if (error != 0) return errno = error, fail_errno("KVM_RUN");
      if (run_->exit_reason == KVM_EXIT_HLT) return {};
      return fail(Errc::kNotSupported, fmt::format("exit {} at {:#x}", run_->exit_reason, linear_rip()));
    }
  }

  unsigned refused = 0;  // times that KVM_RUN failed with EFAULT
  unsigned mmio_exits = 0;

 private:
  KvmGuest(kvm::Descriptor kvm, kvm::Descriptor vm, memory::Backing memory)
      : kvm_(std::move(kvm)), vm_(std::move(vm)), memory_(std::move(memory)) {}

  Result<void> prepare(LowMemory low_memory) {
    // SAFETY: a number; where the TSS lies that Intel's real mode needs (elsewhere without effect).
    if (system_.ioctl(vm_.get(), KVM_SET_TSS_ADDR, 0xfffbd000) != 0) return fail_errno("KVM_SET_TSS_ADDR");
    if (low_memory == LowMemory::kInSlot0) {
      kvm_userspace_memory_region region{};
      region.memory_size = kLowMemory.size();
      // SAFETY: the guest's memory, mapped as long as the VM lives.
      region.userspace_addr = reinterpret_cast<std::uint64_t>(low_memory_address());
      if (kvm::ioctl(system_, vm_.get(), KVM_SET_USER_MEMORY_REGION, region) != 0) {
        return fail_errno("KVM_SET_USER_MEMORY_REGION");
      }
    }
    // SAFETY: a number; the descriptor is ours.
    vcpu_ = kvm::Descriptor(system_.ioctl(vm_.get(), KVM_CREATE_VCPU, 0));
    if (vcpu_.get() < 0) return fail_errno("KVM_CREATE_VCPU");
    // SAFETY: no argument.
    run_size_ = static_cast<std::size_t>(system_.ioctl(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE, 0));
    // SAFETY: a new mapping of the size that KVM says.
    void* mapping = mmap(nullptr, run_size_, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_.get(), 0);
    if (mapping == MAP_FAILED) return fail_errno("mmap of the vCPU");
    run_ = static_cast<kvm_run*>(mapping);
    return {};
  }
  std::uint64_t linear_rip() {
    kvm_regs registers{};
    kvm_sregs sregs{};
    kvm::ioctl(system_, vcpu_.get(), KVM_GET_REGS, registers);
    kvm::ioctl(system_, vcpu_.get(), KVM_GET_SREGS, sregs);
    return sregs.cs.base + registers.rip;
  }
  void* low_memory_address() { return memory_.bytes().data(); }

  kvm::Syscalls& system_ = kvm::Syscalls::system();
  kvm::Descriptor kvm_, vm_, vcpu_;
  memory::Backing memory_;
  kvm_run* run_ = nullptr;
  std::size_t run_size_ = 0;
};

}  // namespace lowmeg::fakes
