#include "lowmeg/kvm/coalesced_ring.hpp"

#include <atomic>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg::kvm {

CoalescedRing CoalescedRing::of(kvm_run* run, int page) {
  if (run == nullptr || page <= 0) return {};
  // SAFETY: KVM puts the ring at this page of a vCPU's mapping, which the caller keeps mapped in its full
  // size.
  auto* const bytes = reinterpret_cast<std::byte*>(run) + static_cast<std::size_t>(page) * kPageSize;
  return CoalescedRing(reinterpret_cast<kvm_coalesced_mmio_ring*>(bytes));
}

unsigned CoalescedRing::waiting() const {
  if (ring_ == nullptr) return 0;
  const std::uint32_t last = std::atomic_ref(ring_->last).load(std::memory_order_acquire);
  return (last + kCoalescedRingEntries - ring_->first) % kCoalescedRingEntries;
}

std::optional<kvm_coalesced_mmio> CoalescedRing::take() {
  if (ring_ == nullptr) return std::nullopt;
  // The kernel writes the entry, then `last`; it reads `first` before it uses a place again.
  const std::uint32_t first = ring_->first;
  if (first == std::atomic_ref(ring_->last).load(std::memory_order_acquire)) return std::nullopt;
  LOWMEG_INVARIANT(first < kCoalescedRingEntries, "the kernel and we keep to the ring");
  const kvm_coalesced_mmio entry = ring_->coalesced_mmio[first];
  std::atomic_ref(ring_->first).store((first + 1) % kCoalescedRingEntries, std::memory_order_release);
  return entry;
}

}  // namespace lowmeg::kvm
