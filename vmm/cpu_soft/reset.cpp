#include "vmm/cpu_soft/reset.hpp"

#include <limits>

namespace vmm::cpu_soft {

CpuState reset_state() {
  constexpr std::uint16_t data = access::kPresent | access::kNotSystem | access::kWritable | 1;
  constexpr std::uint16_t code = data | access::kCode;
  CpuState state;
  state.gpr[kEdx] = kFamilyModelStepping;
  state.eip = 0xfff0;
  state.eflags = eflags::kFixed;
  state.segment.fill({0, 0, 0xffff, data});
  state.segment[kCs] = {0xf000, 0xffff0000, 0xffff, code};
  state.ldt = {0, 0, 0xffff, 0x82};
  state.tr = {0, 0, 0xffff, 0x8b};
  state.gdt = state.idt = {0, 0xffff};
  state.cr0 = cr0::kCd | cr0::kNw | cr0::kEt;
  state.apic_base = kApicBaseAfterReset;
  state.dr[6] = 0xffff0ff0;
  state.dr[7] = 0x400;
  return state;
}

CpuState init_state(const CpuState& before) {
  constexpr std::uint32_t kept = cr0::kCd | cr0::kNw;
  CpuState state = reset_state();
  state.cr0 = (state.cr0 & ~kept) | (before.cr0 & kept);
  state.instructions = before.instructions;
  state.apic_base = before.apic_base;
  state.time_stamp_offset = before.time_stamp_offset;
  return state;
}

CpuState save(const Processor& processor) {
  const Registers& r = processor.registers;
  CpuState state;
  for (unsigned i = 0; i < state.gpr.size(); ++i) state.gpr[i] = *r.gpr[i];
  for (unsigned i = 0; i < state.segment.size(); ++i) state.segment[i] = r.segment[i].load();
  for (unsigned i = 0; i < state.dr.size(); ++i) state.dr[i] = *r.dr[i];
  state.eip = *r.eip;
  state.eflags = *r.eflags;
  state.ldt = r.ldt.load();
  state.tr = r.tr.load();
  state.gdt = {*r.gdt.base, *r.gdt.limit};
  state.idt = {*r.idt.base, *r.idt.limit};
  state.cr0 = *r.cr[0];
  state.cr2 = *r.cr[2];
  state.cr3 = *r.cr[3];
  state.cr4 = *r.cr[4];
  state.activity = processor.activity;
  state.interrupts_held_off = processor.held_off_at == processor.instructions ? 1 : 0;
  state.instructions = processor.instructions;
  state.apic_base = processor.apic_base;
  state.time_stamp_offset = processor.time_stamp_offset;
  return state;
}

void restore(const CpuState& state, Processor& processor) {
  // Named one by one, so that a member added and forgotten here does not compile.
  const auto& [gpr, eip, eflags, segment, ldt, tr, gdt, idt, cr0, cr2, cr3, cr4, dr, activity, held_off,
               instructions, apic_base, time_stamp_offset] = state;
  const Registers& r = processor.registers;
  for (unsigned i = 0; i < gpr.size(); ++i) *r.gpr[i] = gpr[i];
  for (unsigned i = 0; i < segment.size(); ++i) r.segment[i].store(segment[i]);
  for (unsigned i = 0; i < dr.size(); ++i) *r.dr[i] = dr[i];
  *r.eip = eip;
  *r.eflags = eflags | eflags::kFixed;
  r.ldt.store(ldt);
  r.tr.store(tr);
  *r.gdt.base = gdt.base, *r.gdt.limit = gdt.limit;
  *r.idt.base = idt.base, *r.idt.limit = idt.limit;
  *r.cr[0] = cr0;
  *r.cr[2] = cr2;
  *r.cr[3] = cr3;
  *r.cr[4] = cr4;
  processor.activity = activity;
  processor.held_off_at = held_off != 0 ? instructions : std::numeric_limits<std::uint64_t>::max();
  processor.instructions = instructions;
  processor.apic_base = apic_base;
  processor.time_stamp_offset = time_stamp_offset;
  processor.paging_requested = false;
  processor.repeat = {};
  processor.exceptions = {};
}

}  // namespace vmm::cpu_soft
