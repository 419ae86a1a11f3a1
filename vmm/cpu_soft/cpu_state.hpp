// The architectural state of the software CPU as a value: to save, to restore, to set up a test, to print.
//
// After Intel SDM volume 3, chapters 2 and 3. Left out, because the CPU has none: x87, SSE, MTRRs, the local
// APIC.
#pragma once

#include <array>
#include <cstdint>

namespace vmm {

/// Index into CpuState::gpr, the numbering of the instruction set.
enum Gpr : unsigned { kEax, kEcx, kEdx, kEbx, kEsp, kEbp, kEsi, kEdi };

/// Index into CpuState::segment, the numbering of the instruction set.
enum SegmentRegister : unsigned { kEs, kCs, kSs, kDs, kFs, kGs };

/// A segment register with its hidden part.
struct Segment {
  std::uint16_t selector = 0;
  std::uint32_t base = 0;
  std::uint32_t limit = 0;   ///< in bytes, the last offset (for expand-down: the last one outside)
  std::uint16_t access = 0;  ///< a descriptor's type, S, DPL, P in bits 0-7; AVL, L, D/B, G in bits 8-11

  friend bool operator==(const Segment&, const Segment&) = default;
};

/// GDTR or IDTR.
struct DescriptorTable {
  std::uint32_t base = 0;
  std::uint32_t limit = 0;

  friend bool operator==(const DescriptorTable&, const DescriptorTable&) = default;
};

enum class Activity : std::uint8_t { kRunning, kHalted, kShutdown };

struct CpuState {
  std::array<std::uint32_t, 8> gpr{};
  std::uint32_t eip = 0;
  std::uint32_t eflags = 0;
  std::array<Segment, 6> segment{};
  Segment ldt;
  Segment tr;
  DescriptorTable gdt;
  DescriptorTable idt;
  std::uint32_t cr0 = 0;
  std::uint32_t cr2 = 0;
  std::uint32_t cr3 = 0;
  std::uint32_t cr4 = 0;
  std::array<std::uint32_t, 8> dr{};
  Activity activity = Activity::kRunning;
  std::uint8_t interrupts_held_off = 0;  ///< 1: the next instruction is in the shadow of STI or MOV SS
  std::uint64_t instructions = 0;        ///< executed since power-on
  std::uint64_t apic_base = 0;           ///< the register IA32_APIC_BASE; there is no APIC behind it
  std::uint64_t time_stamp_offset = 0;   ///< the time-stamp counter is this much ahead of `instructions`

  friend bool operator==(const CpuState&, const CpuState&) = default;
};

}  // namespace vmm
