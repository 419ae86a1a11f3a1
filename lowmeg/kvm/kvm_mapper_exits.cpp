// What a vCPU's thread asks of a KvmMapper after KVM_RUN: the ring, an exit, a write that was refused.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lowmeg/kvm/kvm_mapper.hpp"
#include "lowmeg/kvm/queued_exception.hpp"

namespace lowmeg::kvm {

using memory::Layout;

namespace {

// Where the access was that KVM_RUN failed at, if it says so.
std::optional<Gpa> fault_address(const kvm_run& run) {
  if (run.exit_reason != kExitMemoryFault) return std::nullopt;
  return memory_fault(run).gpa;
}

}  // namespace

void KvmMapper::attach_ring(kvm_run* run) {
  ring_.attach(CoalescedRing::of(run, ring_page_));
}

void KvmMapper::drain() {
  const std::shared_lock map_lock(map_lock_);
  drain_holding_map();
}

// No zone lies where system management mode makes a difference to a write, so the mode does not matter.
void KvmMapper::drain_holding_map() {
  ring_.drain([this](const MmioAccess& access) {
    return complete_by(spaces_.front()->layout(), config_.memory, access, write_log_).done();
  });
}

AfterRun KvmMapper::after_run(const VcpuReturn& vcpu) {
  AfterRun after;
  drain();
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

// api.rst, 5: KVM_RUN_X86_SMM in `flags`.
const Layout& KvmMapper::seen_by(const kvm_run& run) const {
  const bool is_in_smm = (run.flags & KVM_RUN_X86_SMM) != 0;
  return (is_in_smm ? spaces_.back() : spaces_.front())->layout();
}

AfterRun::Action KvmMapper::complete(const kvm_run& run, AfterRun& after) {
  const std::shared_lock map_lock(map_lock_);
  const Layout& layout = seen_by(run);
  if (after.access.direction == MmioDirection::kRead && layout.find(after.access.gpa).read.is_bytes()) {
    stray_reads_.fetch_add(1, std::memory_order_relaxed);
  }
  after.verdict = complete_by(layout, config_.memory, after.access, write_log_);
  return after.verdict.done() ? AfterRun::Action::kRunAgain : AfterRun::Action::kBus;
}

AfterRun::Action KvmMapper::not_emulated(const VcpuReturn& vcpu, AfterRun& after) {
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
AfterRun::Action KvmMapper::refused(const VcpuReturn& vcpu, std::optional<Gpa> gpa, AfterRun& after) {
  {
    const std::shared_lock map_lock(map_lock_);  // a change in hand ends first
  }
  if (generation() != vcpu.entered) return AfterRun::Action::kRunAgain;
  const auto demoted = demote(vcpu.entered, gpa);
  if (demoted && *demoted != Demoted::kNothing) return AfterRun::Action::kRunAgain;
  after.line = demoted ? why_stopped(vcpu, gpa) : demoted.error().message();
  return AfterRun::Action::kStop;
}

// Who cannot have the commit lock comes again: whoever holds it may be waiting for this vCPU to stand still.
Result<KvmMapper::Demoted> KvmMapper::demote(std::uint64_t entered, std::optional<Gpa> gpa) {
  const std::unique_lock commit_lock(commit_lock_, std::try_to_lock);
  if (!commit_lock || generation() != entered) return Demoted::kLater;
  if (lost_) return tl::unexpected(*lost_);
  std::vector<Demotions> demotions = demoted(gpa);
  if (demotions.empty() && gpa) demotions = demoted(std::nullopt);
  if (demotions.empty()) return Demoted::kNothing;
  auto step = prepare(map_, std::move(demotions));
  if (!step) return tl::unexpected(step.error());
  if (auto done = transact(*step); !done) return tl::unexpected(done.error());
  ++counters_.demotions;
  return Demoted::kSomething;
}

// With all pages that are protected under a read-write slot, or with those that go with `gpa`; in whichever
// mode the vCPU is. Empty when there are none.
std::vector<Demotions> KvmMapper::demoted(std::optional<Gpa> gpa) const {
  std::vector<Demotions> result;
  bool is_any = false;
  for (const auto& space : spaces_) {
    result.push_back(space->demotions());
    for (const GpaRange& range : space->protected_pages(gpa)) {
      result.back().demote(range);
      is_any = true;
    }
  }
  if (!is_any) result.clear();
  return result;
}

std::string KvmMapper::why_stopped(const VcpuReturn& vcpu, std::optional<Gpa> gpa) const {
  const std::uint64_t rip = vcpu.rip();
  const std::shared_lock map_lock(map_lock_);
  if (gpa)
    return fmt::format("the instruction at {:#x} cannot have {:#x}: the host has no memory there", rip, *gpa);
  if (vcpu.error != 0)
    return fmt::format("the instruction at {:#x} touches memory that the host does not have", rip);
  if (!is_fetch_without_slot(vcpu.run) || seen_by(vcpu.run).find(rip).fetch.is_bytes())
    return fmt::format("KVM cannot emulate the instruction at {:#x}", rip);
  return fmt::format("the guest executes at {:#x}, where there is no memory to execute from", rip);
}

}  // namespace lowmeg::kvm
