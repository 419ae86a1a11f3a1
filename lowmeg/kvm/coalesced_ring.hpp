// The ring in which KVM keeps the writes of a coalesced-MMIO zone until somebody looks.
//
// Source: Linux, Documentation/virt/kvm/api.rst 4.116 and virt/kvm/coalesced_mmio.c: one ring a VM, filled by
// the kernel at `last`, emptied by the program at `first`; a full ring makes the write exit as usual.
#pragma once

#include <optional>

#include "lowmeg/kvm/kvm_header.hpp"

namespace lowmeg::kvm {

/// Borrows the ring. The kernel may add while it is read; readers serialise among themselves.
class CoalescedRing {
 public:
  /// No ring: always empty.
  CoalescedRing() = default;
  explicit CoalescedRing(kvm_coalesced_mmio_ring* ring) : ring_(ring) {}

  /// The ring in the mapping of a vCPU, `page` being what KVM_CAP_COALESCED_MMIO says (0: there is none).
  static CoalescedRing of(kvm_run* run, int page);

  /// How many entries wait now. The kernel may add more; a guest cannot take one back.
  unsigned waiting() const;
  /// Takes the oldest entry out.
  std::optional<kvm_coalesced_mmio> take();

 private:
  kvm_coalesced_mmio_ring* ring_ = nullptr;
};

}  // namespace lowmeg::kvm
