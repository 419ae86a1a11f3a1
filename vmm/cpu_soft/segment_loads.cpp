// Loads of data segment registers, of LDTR and of TR in protected mode: Intel SDM volume 2 under MOV, POP,
// LDS/LES/LFS/LGS/LSS, LLDT and LTR. The library does not write the accessed and busy bits. In real mode,
// where there are no descriptors, it is right.
#include "vmm/cpu_soft/descriptor_table.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {
namespace {

void refuse(Execution& x, Vector which, std::uint16_t selector) {
  x.raise(Event::exception(which, selector & 0xfffcu));
}

// Bit 1 of the type: a data segment that can be written, a code segment that can be read.
bool fits(const Descriptor& descriptor, SegmentRegister which) {
  if (!descriptor.has(access::kNotSystem)) return false;
  const bool second = descriptor.has(access::kWritable);
  if (which == kSs) return !descriptor.is_code() && second;
  return !descriptor.is_code() || second;
}

// Volume 2, MOV, "Loading a segment register while in protected mode".
void load_segment(Execution& x, SegmentRegister which, std::uint16_t selector) {
  if (x.fault()) return;
  const SegmentView& target = x.registers().segment[which];
  if (is_null(selector) && which != kSs) return target.store({selector, 0, 0, 0});
  auto descriptor = find_descriptor(x.processor(), selector);
  if (!descriptor || !fits(*descriptor, which)) return refuse(x, Vector::kGeneralProtection, selector);
  if (!descriptor->is_present())
    return refuse(x, which == kSs ? Vector::kStackFault : Vector::kSegmentNotPresent, selector);
  set_in_memory(x.processor(), *descriptor, kAccessed);
  target.store(descriptor->segment);
}

// Of an opcode that loads a certain register.
SegmentRegister loaded_by(Opcode opcode) {
  switch (opcode) {
    case 0x07:
    case 0xc4:
      return kEs;
    case 0x17:
    case 0x1b2:
      return kSs;
    case 0x1a1:
    case 0x1b4:
      return kFs;
    case 0x1a9:
    case 0x1b5:
      return kGs;
    default:
      return kDs;
  }
}

constexpr std::uint16_t kSystemType = 0x1f;  // type and S of a descriptor
constexpr std::uint16_t kLdt = 0x02, kTss16 = 0x01, kTss32 = 0x09;

void load_local_table(Execution& x, std::uint16_t selector) {
  if (is_null(selector)) return x.registers().ldt.store({selector, 0, 0, 0});
  const auto descriptor = find_descriptor(x.processor(), selector);
  if (!descriptor || (descriptor->segment.access & kSystemType) != kLdt)
    return refuse(x, Vector::kGeneralProtection, selector);
  if (!descriptor->is_present()) return refuse(x, Vector::kSegmentNotPresent, selector);
  x.registers().ldt.store(descriptor->segment);
}

void load_task(Execution& x, std::uint16_t selector) {
  auto descriptor = find_descriptor(x.processor(), selector);
  const unsigned type = descriptor ? descriptor->segment.access & kSystemType : 0u;
  if (type != kTss16 && type != kTss32) return refuse(x, Vector::kGeneralProtection, selector);
  if (!descriptor->is_present()) return refuse(x, Vector::kSegmentNotPresent, selector);
  set_in_memory(x.processor(), *descriptor, kBusy);
  x.registers().tr.store(descriptor->segment);
}

}  // namespace

// Which register, and whether it may be loaded, is the caller's business.
Verdict move_to_data_segment(Execution& x, SegmentRegister which) {
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  load_segment(x, which, static_cast<std::uint16_t>(x.read(x.rm(2))));
  return Verdict::kDone;
}

Verdict pop_segment(Execution& x) {
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  load_segment(x, loaded_by(x.instruction().opcode),
               static_cast<std::uint16_t>(x.pop(x.instruction().operand_size)));
  return Verdict::kDone;
}

Verdict load_far_pointer(Execution& x) {
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  const unsigned size = x.instruction().operand_size;
  if (x.decode_modrm().is_register()) {
    x.raise(Event::exception(Vector::kInvalidOpcode));
    return Verdict::kDone;
  }
  const std::uint32_t offset = x.read(x.rm(size));
  const auto selector = static_cast<std::uint16_t>(x.read(x.memory_at(static_cast<std::int32_t>(size), 2)));
  load_segment(x, loaded_by(x.instruction().opcode), selector);
  if (!x.fault()) x.write(x.reg(size), offset);
  return Verdict::kDone;
}

// 0F 00 /2 LLDT and /3 LTR. "The LDT and the TSS are in the GDT": a selector with TI is #GP.
Verdict load_system_segment(Execution& x) {
  constexpr unsigned lldt = 2, ltr = 3;
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  const unsigned which = x.decode_modrm().reg;
  if (which != lldt && which != ltr) return Verdict::kLeaveToOthers;
  const auto selector = static_cast<std::uint16_t>(x.read(x.rm(2)));
  if (x.fault()) return Verdict::kDone;
  if ((selector & 4) != 0)
    refuse(x, Vector::kGeneralProtection, selector);
  else
    which == lldt ? load_local_table(x, selector) : load_task(x, selector);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
