// An access that left the guest (KVM_EXIT_MMIO, or an entry of the coalesced ring), completed by the map.
//
// Source: Linux, Documentation/virt/kvm/api.rst, 5 "The kvm_run structure". KVM splits an access at a page
// boundary, so that in practice one page's routes decide; a longer one is taken byte by byte all the same.
#pragma once

#include <cstdint>
#include <span>

#include "lowmeg/kvm/guest_memory.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/write_log.hpp"
#include "lowmeg/memory/layout.hpp"

namespace lowmeg::kvm {

enum class MmioDirection { kRead, kWrite };

/// One access. `data` is at most 8 bytes: what is written, or where what is read goes. A value over borrowed
/// bytes.
struct MmioAccess {
  Gpa gpa = 0;
  MmioDirection direction = MmioDirection::kRead;
  std::span<std::uint8_t> data;

  /// The access of a vCPU whose exit_reason is KVM_EXIT_MMIO.
  static MmioAccess of(kvm_run& run);
};

/// Which bytes of an access the map could not do itself: bit i for byte i. The board's bus does these.
struct MmioVerdict {
  std::uint8_t bus_bytes = 0;

  /// True when there is nothing left to do.
  bool done() const { return bus_bytes == 0; }
  friend bool operator==(const MmioVerdict&, const MmioVerdict&) = default;
};

/// Carries `access` out by `layout`: writes into RAM or nowhere, reads from RAM, ROM or FFh; bus and anything
/// outside the layout's window is left to the board. `log`, unless null, is told of what was written to RAM.
/// Pure but for these two. The caller holds the map still.
MmioVerdict complete_by(const memory::Layout& layout, const GuestMemory& memory, const MmioAccess& access,
                        WriteLog* log = nullptr);

/// True when KVM could not emulate an instruction: KVM_EXIT_INTERNAL_ERROR, suberror 1. RIP is unchanged.
bool is_emulation_failure(const kvm_run& run);

/// True for the same without instruction bytes (data[0] = 0; an instruction that KVM cannot emulate has
/// data[0] = 1): the fetch found no slot, or KVM failed at an instruction without having fetched it by
/// itself. Only the map tells the two apart.
bool is_fetch_without_slot(const kvm_run& run);

}  // namespace lowmeg::kvm
