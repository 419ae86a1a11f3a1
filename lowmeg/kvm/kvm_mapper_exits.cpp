// What a vCPU's thread asks of a KvmMapper after KVM_RUN: the ring, an exit, a write that was refused.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::kvm {
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

void KvmMapper::drain_holding_map() {
  ring_.drain([this](const MmioAccess& access) { return complete_by(cpu_, config_.memory, access).done(); });
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
    after.action = complete(after);
  } else if (vcpu.error == 0 && is_emulation_failure(run)) {
    after.action = refused(vcpu, std::nullopt, after);
  }
  return after;
}

AfterRun::Action KvmMapper::complete(AfterRun& after) {
  const std::shared_lock map_lock(map_lock_);
  if (after.access.direction == MmioDirection::kRead && cpu_.find(after.access.gpa).read.is_bytes()) {
    stray_reads_.fetch_add(1, std::memory_order_relaxed);
  }
  after.verdict = complete_by(cpu_, config_.memory, after.access);
  return after.verdict.done() ? AfterRun::Action::kRunAgain : AfterRun::Action::kBus;
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
  std::vector<GpaRange> pages = protected_pages(gpa);
  if (pages.empty() && gpa) pages = protected_pages(std::nullopt);
  if (pages.empty()) return Demoted::kNothing;
  Demotions demotions = demotions_;
  for (const GpaRange& range : pages) demotions.demote(range);
  auto step = prepare(map_, std::move(demotions));
  if (!step) return tl::unexpected(step.error());
  if (auto done = transact(*step); !done) return tl::unexpected(done.error());
  ++counters_.demotions;
  return Demoted::kSomething;
}

// Those under a read-write slot: all, or those that go with `gpa`.
std::vector<GpaRange> KvmMapper::protected_pages(std::optional<Gpa> gpa) const {
  std::vector<GpaRange> result;
  const auto placed = placements(cpu_, {config_.window, config_.way, {}});
  if (!placed) return result;
  for (const Placement& placement : *placed) {
    if (placement.need != SlotNeed::kEither || (gpa && !placement.range.contains(*gpa))) continue;
    for (const Slot& slot : slots()) {
      const GpaRange both = intersection(slot.range, placement.range);
      if (slot.kind == SlotKind::kReadWrite && !both.empty()) result.push_back(both);
    }
  }
  return result;
}

std::string KvmMapper::why_stopped(const VcpuReturn& vcpu, std::optional<Gpa> gpa) const {
  const std::uint64_t rip = vcpu.rip();
  const std::shared_lock map_lock(map_lock_);
  if (gpa)
    return fmt::format("the instruction at {:#x} cannot have {:#x}: the host has no memory there", rip, *gpa);
  if (vcpu.error != 0)
    return fmt::format("the instruction at {:#x} touches memory that the host does not have", rip);
  if (!is_fetch_without_slot(vcpu.run) || cpu_.find(rip).fetch.is_bytes())
    return fmt::format("KVM cannot emulate the instruction at {:#x}", rip);
  return fmt::format("the guest executes at {:#x}, where there is no memory to execute from", rip);
}

}  // namespace lowmeg::kvm
