#include "vmm/kvm_looks.hpp"

namespace vmm {
namespace {

CpuLook::Activity activity_of(const VcpuLook& look) {
  if (look.waits_for_sipi()) return CpuLook::Activity::kWaitsForSipi;
  if (look.waits_for_ever()) return CpuLook::Activity::kHaltedForEver;
  return look.is_halted() ? CpuLook::Activity::kHalted : CpuLook::Activity::kRuns;
}

}  // namespace

CpuLook cpu_look(unsigned cpu, const VcpuLook& look) {
  const kvm_regs& r = look.registers.general;
  const kvm_sregs& s = look.registers.system;
  return {.cpu = cpu,
          .activity = activity_of(look),
          .code_size = s.cs.l != 0    ? 8u
                       : s.cs.db != 0 ? 4u
                                      : 2u,
          .cs = s.cs.selector,
          .ip = r.rip,
          .gpr = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12,
                  r.r13, r.r14, r.r15},
          .base = {s.es.base, s.cs.base, s.ss.base, s.ds.base, s.fs.base, s.gs.base},
          .gdt = s.gdt.base,
          .idt = s.idt.base,
          .task = s.tr.base};
}

}  // namespace vmm
