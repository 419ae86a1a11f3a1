// The registers in gdb's order for i386: eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs, four
// bytes each. EIP is linear (session.hpp).
#pragma once

#include <cstdint>

#include "vmm/cpu_soft/cpu_state.hpp"

namespace vmm::gdb {

inline constexpr unsigned kRegisterCount = 16;
inline constexpr unsigned kPc = 8, kFlags = 9, kFirstSegment = 10;
inline constexpr SegmentRegister kSegmentOrder[] = {kCs, kSs, kDs, kEs, kFs, kGs};

inline std::uint32_t linear_pc(const CpuState& state) {
  return state.segment[kCs].base + state.eip;
}

inline std::uint32_t register_of(const CpuState& state, unsigned index) {
  if (index < state.gpr.size()) return state.gpr[index];
  if (index == kPc) return linear_pc(state);
  return index == kFlags ? state.eflags : state.segment[kSegmentOrder[index - kFirstSegment]].selector;
}

/// A selector changes as in real mode, base and all; in protected mode the hidden part stays as it is.
inline void set_register(CpuState& state, unsigned index, std::uint32_t value) {
  if (index < state.gpr.size()) {
    state.gpr[index] = value;
  } else if (index == kPc) {
    state.eip = value - state.segment[kCs].base;
  } else if (index == kFlags) {
    state.eflags = value;
  } else {
    Segment& segment = state.segment[kSegmentOrder[index - kFirstSegment]];
    if (segment.selector == (value & 0xffff)) return;
    segment.selector = static_cast<std::uint16_t>(value);
    if ((state.cr0 & 1) == 0) segment.base = (value & 0xffff) << 4;
  }
}

}  // namespace vmm::gdb
