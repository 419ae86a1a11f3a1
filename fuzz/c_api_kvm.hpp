// The part of the C interface's fuzz target that is KVM: two VMs' models, each with a place for a handle.
#pragma once

#include <cerrno>

#include "fuzz/input.hpp"
#include "lowmeg/c/kvm.hpp"
#include "lowmeg/core/invariant.hpp"
#include "tests/fakes/fake_kvm.hpp"
#include "tests/fakes/kvm_mapper_rig.hpp"

namespace lowmeg::fuzz {

class KvmPlaces {
 public:
  /// `refusal` is what callbacks look at.
  explicit KvmPlaces(std::uint8_t& refusal) : refusal_(refusal) {}

  lowmeg_kvm* any(FuzzInput& input) { return handles_[input.byte() % handles_.size()]; }

  void create(FuzzInput& input) {
    const std::size_t place = input.byte() % handles_.size();
    if (lowmeg_kvm_close(handles_[place]) == LOWMEG_BUSY) return;
    lowmeg_kvm_config config{};
    config.size = sizeof(config);
    config.vm_fd = fakes::FakeKvm::kVmFd;
    config.first_slot = input.byte();
    config.slot_count = input.byte() % 24u;
    config.way = input.byte() % 4u;
    config.ram = {ram_, sizeof(ram_), 0, 0, 0};
    config.rom = {rom_, sizeof(rom_), 1, 0, 0};
    config.pause = [](void* context) { return result_of(context); };
    config.resume = [](void*) {};
    config.pause_context = &refusal_;
    config.map_change = [](void* context, const lowmeg_map_change*) { return result_of(context); };
    config.map_change_context = &refusal_;
    config.smm = input.byte() % 3u;
    vms_[place].extensions[KVM_CAP_X86_SMM] = 1;
    vms_[place].extensions[KVM_CAP_MULTI_ADDRESS_SPACE] = 2;
    c::create_kvm(&config, &handles_[place], vms_[place]);
    lowmeg_kvm_attach_ring(handles_[place], run_.run());
  }

  void use(FuzzInput& input) {
    const std::size_t place = input.byte() % handles_.size();
    lowmeg_kvm* const kvm = handles_[place];
    std::uint64_t generation = 0;
    switch (input.byte() % 8) {
      case 0:
        vms_[place].fail_call(input.byte() % 16u, ENOMEM, input.byte() % 8 == 0);
        return;
      case 1:
        vms_[place].fail_none();
        return;
      case 2:
        lowmeg_kvm_drain(kvm);
        return;
      case 3:
        lowmeg_kvm_hold(kvm, [](void* context, const lowmeg_map*) { return result_of(context); }, &refusal_);
        return;
      case 4:
        lowmeg_kvm_log_writes(kvm, refusal_ % 2 ? note : nullptr, this);
        return;
      case 5:
        vms_[place].write(address(input), 1);
        lowmeg_kvm_harvest(kvm);
        lowmeg_kvm_generation(kvm, &generation);
        return;
      case 6: {
        const Gpa at = address(input);
        const std::size_t size = 1 + input.byte() % 8u;
        run_.queue(at, std::vector<std::uint8_t>(size), input.byte() % 8 == 0);
        return;
      }
      default:
        come_out(kvm, input);
    }
  }

  /// Once no bridge uses them: each has given its VM all back, unless calls failed.
  void close() {
    for (fakes::FakeKvm& vm : vms_) vm.fail_none();
    for (lowmeg_kvm* kvm : handles_) lowmeg_kvm_close(kvm);
    for (lowmeg_kvm* kvm : handles_)
      LOWMEG_INVARIANT(lowmeg_kvm_close(kvm) == LOWMEG_BAD_HANDLE, "a closed handle");
    for (const fakes::FakeKvm& vm : vms_)
      LOWMEG_INVARIANT(vm.outside.empty(), "a mapper keeps to its own addresses");
  }

 private:
  static std::int32_t result_of(void* context) {
    return *static_cast<std::uint8_t*>(context) % 4 == 3 ? -1 : 0;
  }
  static void note(void* context, std::uint64_t offset, std::uint64_t bytes) {
    LOWMEG_INVARIANT(offset + bytes <= sizeof(ram_), "what is written is RAM");
    static_cast<KvmPlaces*>(context)->written_ += bytes;
  }
  static Gpa address(FuzzInput& input) {
    const Gpa far = input.byte();
    return 0x90000 + far * 0x800 + input.byte();
  }

  void come_out(lowmeg_kvm* kvm, FuzzInput& input) {
    constexpr std::uint32_t kReasons[] = {KVM_EXIT_MMIO, KVM_EXIT_IO, KVM_EXIT_INTERNAL_ERROR, 0};
    constexpr int kErrors[] = {0, 0, EFAULT, EINTR};
    kvm_run& run = *run_.run();
    run.exit_reason = kReasons[input.byte() % 4u];
    run.flags = input.byte() % 2u ? KVM_RUN_X86_SMM : 0;
    run.internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
    run.internal.ndata = 0;
    if (run.exit_reason == KVM_EXIT_MMIO) {
      run.mmio.phys_addr = address(input);
      run.mmio.len = 1 + input.byte() % 8u;
      run.mmio.is_write = input.byte() % 2u;
    }
    lowmeg_after_run after{};
    lowmeg_vcpu_return vcpu{};
    after.size = input.byte() == 0xff ? 8 : sizeof(after);
    vcpu.size = sizeof(vcpu);
    vcpu.vcpu_fd = input.byte() % 2u ? fakes::FakeKvm::kVcpuFd : -1;
    vcpu.run = &run;
    vcpu.run_errno = kErrors[input.byte() % 4u];
    lowmeg_kvm_generation(kvm, &vcpu.generation);
    if (lowmeg_kvm_after_run(kvm, &vcpu, &after) != LOWMEG_OK) return;
    for (std::size_t i = 0; i < after.write_count; ++i) {
      lowmeg_kvm_wait_for(kvm, after.writes[i].ticket);
      lowmeg_kvm_done(kvm, after.writes[i].ticket);
    }
  }

  alignas(kPageSize) static inline std::uint8_t ram_[0x100000];
  alignas(kPageSize) static inline std::uint8_t rom_[0x20000];
  std::uint8_t& refusal_;
  std::uint64_t written_ = 0;
  fakes::FakeRun run_;
  std::array<fakes::FakeKvm, 2> vms_;
  std::array<lowmeg_kvm*, 2> handles_{};
};

}  // namespace lowmeg::fuzz
