// Control registers, model-specific registers, CPUID, and the coprocessor that is not there. Intel SDM volume
// 2, those entries; volume 3, sections 2.5 (control registers) and 2.6 (LMSW), 9.2 (x87 presence).
//
// The CPU that shows is a P6 that has what the emulation has: TSC, MSR, CMPXCHG8B and CMOV. Left out: debug
// and test registers beyond storage, every MSR but the time-stamp counter and IA32_APIC_BASE.
#include <array>

#include "vmm/cpu_soft/cpu_soft.hpp"
#include "vmm/cpu_soft/handlers.hpp"
#include "vmm/cpu_soft/reset.hpp"

namespace vmm::cpu_soft {
namespace {

Verdict fault(Execution& x, const Event& event) {
  x.raise(event);
  return Verdict::kDone;
}

constexpr Event kUndefined = Event::exception(Vector::kInvalidOpcode);
constexpr Event kProtection = Event::exception(Vector::kGeneralProtection, 0);

constexpr std::uint32_t kCr0Bits = cr0::kPe | cr0::kMp | cr0::kEm | cr0::kTs | cr0::kNe | cr0::kWp |
                                   cr0::kAm | cr0::kNw | cr0::kCd | cr0::kPg;
// CR4.TSD: the one that goes with the features CPUID tells of.
constexpr std::uint32_t kCr4Bits = 1u << 2;

Verdict set_cr0(Execution& x, std::uint32_t value) {
  const auto has = [value](std::uint32_t bit) { return (value & bit) != 0; };
  if ((has(cr0::kPg) && !has(cr0::kPe)) || (has(cr0::kNw) && !has(cr0::kCd))) return fault(x, kProtection);
  if (has(cr0::kPg)) {
    x.processor().paging_requested = true;
    return Verdict::kAgain;
  }
  *x.registers().cr[0] = (value & kCr0Bits) | cr0::kEt;
  return Verdict::kDone;
}

}  // namespace

// "The 2 bits in the mod field are ignored": it is always a register.
Verdict move_from_control(Execution& x) {
  const std::uint32_t modrm = x.fetch(1);
  const unsigned which = (modrm >> 3) & 7;
  if (which == 1 || which > 4) return fault(x, kUndefined);
  x.set(modrm & 7, 4, *x.registers().cr[which]);
  return Verdict::kDone;
}

Verdict move_to_control(Execution& x) {
  const std::uint32_t modrm = x.fetch(1);
  const unsigned which = (modrm >> 3) & 7;
  const std::uint32_t value = x.get(modrm & 7, 4);
  if (which == 1 || which > 4) return fault(x, kUndefined);
  if (which == 0) return set_cr0(x, value);
  if (which == 4 && (value & ~kCr4Bits) != 0) return fault(x, kProtection);
  *x.registers().cr[which] = value;
  return Verdict::kDone;
}

// 0F 01 /6. PE can be set but not cleared; only PE, MP, EM and TS are loaded.
Verdict load_machine_status(Execution& x) {
  constexpr unsigned lmsw = 6;
  if (x.decode_modrm().reg != lmsw) return Verdict::kLeaveToOthers;
  constexpr std::uint32_t loaded = cr0::kMp | cr0::kEm | cr0::kTs;
  const std::uint32_t value = x.read(x.rm(2));
  if (x.fault()) return Verdict::kDone;
  std::uint32_t& cr0 = *x.registers().cr[0];
  cr0 = (cr0 & ~loaded) | (value & (loaded | cr0::kPe));
  return Verdict::kDone;
}

namespace {

constexpr std::uint32_t kTimeStampCounter = 0x10, kApicBase = 0x1b;
// IA32_APIC_BASE: SDM volume 3, figure 10-5, of a CPU with 32 bits of address. BSP and the base are kept; the
// enable bit cannot be set; all else is reserved.
constexpr std::uint64_t kApicBaseKept = 0xfffff100, kApicEnable = 1u << 11;

void set_edx_eax(const Execution& x, std::uint64_t value) {
  x.gpr(kEax) = static_cast<std::uint32_t>(value);
  x.gpr(kEdx) = static_cast<std::uint32_t>(value >> 32);
}

std::uint64_t time_stamp(Execution& x) {
  return x.processor().instructions + x.processor().time_stamp_offset;
}

}  // namespace

Verdict read_time_stamp(Execution& x) {
  set_edx_eax(x, time_stamp(x));
  return Verdict::kDone;
}

Verdict read_model_specific(Execution& x) {
  switch (x.gpr(kEcx)) {
    case kTimeStampCounter:
      set_edx_eax(x, time_stamp(x));
      return Verdict::kDone;
    case kApicBase:
      set_edx_eax(x, x.processor().apic_base);
      return Verdict::kDone;
    default:
      return fault(x, kProtection);
  }
}

Verdict write_model_specific(Execution& x) {
  const std::uint64_t value = (std::uint64_t{x.gpr(kEdx)} << 32) | x.gpr(kEax);
  switch (x.gpr(kEcx)) {
    case kTimeStampCounter:
      x.processor().time_stamp_offset = value - x.processor().instructions;
      return Verdict::kDone;
    case kApicBase:
      if ((value & ~(kApicBaseKept | kApicEnable)) != 0) return fault(x, kProtection);
      x.processor().apic_base = value & kApicBaseKept;
      return Verdict::kDone;
    default:
      return fault(x, kProtection);
  }
}

namespace {

struct Leaf {
  std::uint32_t eax, ebx, ecx, edx;
};

constexpr std::uint32_t letters(const char (&text)[5]) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i)
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return word;
}

constexpr std::uint32_t kFeatures = 1u << 4      // TSC
                                    | 1u << 5    // MSR
                                    | 1u << 8    // CX8
                                    | 1u << 15;  // CMOV
static_assert(CpuSoft::kHasFpu == ((kFeatures & 1) != 0), "bit 0 is the FPU");
constexpr Leaf kLeaves[] = {
    {1, letters("Genu"), letters("ntel"), letters("ineI")},
    {kFamilyModelStepping, 0, 0, kFeatures},
};

}  // namespace

// "If a value entered for CPUID.EAX is higher than the maximum ... the data for the highest basic information
// leaf is returned": so no leaf 40000000h names a hypervisor.
Verdict identify(Execution& x) {
  const Leaf& leaf = kLeaves[x.gpr(kEax) == 0 ? 0 : 1];
  x.gpr(kEax) = leaf.eax;
  x.gpr(kEbx) = leaf.ebx;
  x.gpr(kEcx) = leaf.ecx;
  x.gpr(kEdx) = leaf.edx;
  return Verdict::kDone;
}

// Without a coprocessor nothing takes its instructions from the bus; FNSTSW AX (DF E0) reads all ones there,
// and the memory forms store nothing, so that every test for presence fails.
Verdict escape_to_coprocessor(Execution& x) {
  const ModRm& modrm = x.decode_modrm();
  if ((*x.registers().cr[0] & (cr0::kEm | cr0::kTs)) != 0) {
    return fault(x, Event::exception(Vector::kDeviceNotAvailable));
  }
  const bool stores_status =
      x.instruction().opcode == 0xdf && modrm.is_register() && modrm.reg == 4 && modrm.rm == 0;
  if (stores_status) x.set(kEax, 2, 0xffff);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
