#include "lowmeg/kvm/exits.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "lowmeg/kvm/queued_exception.hpp"

namespace lowmeg::kvm {

namespace {

// Where the access was that KVM_RUN failed at, if it says so.
std::optional<Gpa> fault_address(const kvm_run& run) {
  if (run.exit_reason != kExitMemoryFault) return std::nullopt;
  return memory_fault(run).gpa;
}

// api.rst, 5: KVM_RUN_X86_SMM in `flags`.
MapChanger::CpuMode mode_of(const kvm_run& run) {
  return (run.flags & KVM_RUN_X86_SMM) != 0 ? MapChanger::CpuMode::kSmm : MapChanger::CpuMode::kNormal;
}

}  // namespace

AfterRun Exits::after_run(const VcpuReturn& vcpu) {
  AfterRun after;
  changer_.drain();
  after.writes = ring_.take_bus_writes();
  after.ticket = ring_.tickets();
  const kvm_run& run = vcpu.run;
  if (vcpu.error == EFAULT || (vcpu.error == 0 && run.exit_reason == kExitMemoryFault)) {
    after.action = refused(vcpu, fault_address(run), after);
  } else if (vcpu.error == 0 && run.exit_reason == KVM_EXIT_MMIO) {
    after.access = MmioAccess::of(vcpu.run);
    after.action = complete(run, after);
  } else if (vcpu.error == 0 && is_emulation_failure(run)) {
    after.action = not_emulated(vcpu, after);
  }
  return after;
}

AfterRun::Action Exits::complete(const kvm_run& run, AfterRun& after) {
  const auto map = changer_.hold();
  const MapChanger::CpuMode mode = mode_of(run);
  if (after.access.direction == MmioDirection::kRead &&
      changer_.seen_in(mode).find(after.access.gpa).read.is_bytes()) {
    stray_reads_.fetch_add(1, std::memory_order_relaxed);
  }
  after.verdict = changer_.complete(mode, after.access);
  return after.verdict.done() ? AfterRun::Action::kRunAgain : AfterRun::Action::kBus;
}

AfterRun::Action Exits::not_emulated(const VcpuReturn& vcpu, AfterRun& after) {
  if (vcpu.fd >= 0) {
    if (auto done = withdraw_invalid_opcode(vcpu.fd, syscalls_); !done) {
      after.line = done.error().message();
      return AfterRun::Action::kStop;
    }
  }
  return refused(vcpu, std::nullopt, after);
}

// RIP has not moved. Either the map was being changed, or a page is protected that the instruction writes to;
// when neither is so, it will never go on.
AfterRun::Action Exits::refused(const VcpuReturn& vcpu, std::optional<Gpa> gpa, AfterRun& after) {
  {
    const auto map = changer_.hold();  // a change in hand ends first
  }
  if (changer_.generation() != vcpu.entered) return AfterRun::Action::kRunAgain;
  const auto demoted = changer_.demote(vcpu.entered, gpa);
  if (demoted && *demoted != MapChanger::Demoted::kNothing) return AfterRun::Action::kRunAgain;
  after.line = demoted ? why_stopped(vcpu, gpa) : demoted.error().message();
  return AfterRun::Action::kStop;
}

std::string Exits::why_stopped(const VcpuReturn& vcpu, std::optional<Gpa> gpa) const {
  const std::uint64_t rip = vcpu.rip();
  const auto map = changer_.hold();
  if (gpa)
    return fmt::format("the instruction at {:#x} cannot have {:#x}: the host has no memory there", rip, *gpa);
  if (vcpu.error != 0)
    return fmt::format("the instruction at {:#x} touches memory that the host does not have", rip);
  if (!is_fetch_without_slot(vcpu.run) || changer_.seen_in(mode_of(vcpu.run)).find(rip).fetch.is_bytes())
    return fmt::format("KVM cannot emulate the instruction at {:#x}", rip);
  return fmt::format("the guest executes at {:#x}, where there is no memory to execute from", rip);
}

}  // namespace lowmeg::kvm
