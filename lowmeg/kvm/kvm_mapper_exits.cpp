// What a vCPU's thread asks of a KvmMapper after KVM_RUN: the ring, an MMIO exit, a fetch that failed.
#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/kvm/kvm_mapper.hpp"

namespace lowmeg::kvm {

void KvmMapper::attach_ring(kvm_run* run) {
  const std::lock_guard ring_lock(ring_lock_);
  ring_ = CoalescedRing::of(run, ring_page_);
}

// Without the lock, who took a write out could be overtaken, before handing it over, by who takes out the
// next.
void KvmMapper::drain() {
  const std::lock_guard in_order(hand_over_lock_);
  QueuedWrites writes;
  {
    const std::shared_lock map_lock(map_lock_);
    writes = drain_holding_map();
  }
  hand_over(writes);
}

KvmMapper::QueuedWrites KvmMapper::drain_holding_map() {
  const std::lock_guard ring_lock(ring_lock_);
  QueuedWrites for_the_bus;
  while (auto entry = ring_.take()) {
    drained_writes_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t length = std::min<std::size_t>(entry->len, sizeof(entry->data));
    const MmioAccess access{entry->phys_addr, MmioDirection::kWrite, std::span(entry->data, length)};
    if (entry->pio == 0 && complete_by(cpu_, config_.memory, access).done()) continue;
    for_the_bus.push_back(*entry);
  }
  return for_the_bus;
}

void KvmMapper::hand_over(const QueuedWrites& writes) {
  if (config_.bus_writes == nullptr) return;
  for (const kvm_coalesced_mmio& entry : writes) {
    const std::span data(entry.data, std::min<std::size_t>(entry.len, sizeof(entry.data)));
    if (entry.pio != 0) {
      config_.bus_writes->port_write(static_cast<std::uint16_t>(entry.phys_addr), data);
    } else {
      config_.bus_writes->bus_write(entry.phys_addr, data);
    }
  }
}

MmioVerdict KvmMapper::complete(const MmioAccess& access) {
  const std::shared_lock map_lock(map_lock_);
  if (access.direction == MmioDirection::kRead && cpu_.find(access.gpa).read.is_bytes()) {
    stray_reads_.fetch_add(1, std::memory_order_relaxed);
  }
  return complete_by(cpu_, config_.memory, access);
}

RetryVerdict KvmMapper::fetch_failed(std::uint64_t entered, std::uint64_t rip) const {
  const std::shared_lock map_lock(map_lock_);  // a commit in hand ends first
  if (generation() != entered) return {RetryVerdict::Action::kRunAgain, {}};
  if (cpu_.find(rip).fetch.is_bytes()) {
    return {RetryVerdict::Action::kStop, fmt::format("KVM cannot emulate the instruction at {:#x}", rip)};
  }
  return {RetryVerdict::Action::kStop,
          fmt::format("the guest executes at {:#x}, where there is no memory to execute from", rip)};
}

}  // namespace lowmeg::kvm
