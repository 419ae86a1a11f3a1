// Far jumps, calls and returns in protected mode, which load CS from a descriptor: Intel SDM volume 2 under
// JMP, CALL, RET and IRET. The library does not write the accessed bit. In real mode it is right.
//
// Left out: call, task and TSS targets (they are #GP), privilege, task returns, virtual-8086 mode.
#include "vmm/cpu_soft/descriptor_table.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {
namespace {

struct FarTarget {
  std::uint32_t eip;
  std::uint16_t selector;
};

std::optional<Descriptor> find_code(Execution& x, const FarTarget& target) {
  if (x.fault()) return std::nullopt;
  const auto refuse = [&x](Vector which, std::uint32_t code) {
    x.raise(Event::exception(which, static_cast<std::uint16_t>(code)));
    return std::nullopt;
  };
  const std::uint32_t index = target.selector & 0xfffcu;
  const auto descriptor = find_descriptor(x.processor(), target.selector);
  if (!descriptor || !descriptor->is_code()) return refuse(Vector::kGeneralProtection, index);
  if (!descriptor->is_present()) return refuse(Vector::kSegmentNotPresent, index);
  if (target.eip > descriptor->segment.limit) return refuse(Vector::kGeneralProtection, 0);
  return descriptor;
}

void enter(Execution& x, std::optional<Descriptor> code, std::uint32_t eip) {
  if (!code || x.fault()) return;
  set_in_memory(x.processor(), *code, kAccessed);
  x.registers().segment[kCs].store(code->segment);
  x.jump(eip);
}

// "Pushes the current CS" with zeros above it.
void call(Execution& x, const FarTarget& target) {
  const auto code = find_code(x, target);
  if (!code) return;
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t back = x.next_eip();
  x.push(*x.registers().segment[kCs].selector, size);
  x.push(back, size);
  enter(x, code, target.eip);
}

FarTarget pop_target(Execution& x) {
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t eip = x.pop(size);
  return {eip, static_cast<std::uint16_t>(x.pop(size))};
}

}  // namespace

// 9A CALL ptr16:16/32 and EA JMP.
Verdict transfer_to_immediate(Execution& x) {
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  constexpr Opcode call_far = 0x9a;
  const std::uint32_t eip = x.fetch(x.instruction().operand_size);
  const FarTarget target{eip, static_cast<std::uint16_t>(x.fetch(2))};
  x.instruction().opcode == call_far ? call(x, target) : enter(x, find_code(x, target), target.eip);
  return Verdict::kDone;
}

// FF /3 CALL m16:16/32 and /5 JMP.
Verdict transfer_to_memory(Execution& x) {
  constexpr unsigned call_far = 3, jump_far = 5;
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  const ModRm& modrm = x.decode_modrm();
  if (modrm.reg != call_far && modrm.reg != jump_far) return Verdict::kLeaveToOthers;
  if (modrm.is_register()) {
    x.raise(Event::exception(Vector::kInvalidOpcode));
    return Verdict::kDone;
  }
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t eip = x.read(x.rm(size));
  const auto selector = static_cast<std::uint16_t>(x.read(x.memory_at(static_cast<std::int32_t>(size), 2)));
  const FarTarget target{eip, selector};
  modrm.reg == call_far ? call(x, target) : enter(x, find_code(x, target), target.eip);
  return Verdict::kDone;
}

// CB RET and CA RET imm16, which drops that many bytes.
Verdict return_far(Execution& x) {
  if (!x.registers().is_protected()) return Verdict::kLeaveToOthers;
  constexpr Opcode with_bytes = 0xca;
  const std::uint32_t bytes = x.instruction().opcode == with_bytes ? x.fetch(2) : 0;
  const FarTarget target = pop_target(x);
  enter(x, find_code(x, target), target.eip);
  if (x.fault()) return Verdict::kDone;
  const std::uint32_t mask = x.registers().segment[kSs].is_big() ? 0xffffffffu : 0xffffu;
  x.gpr(kEsp) = (x.gpr(kEsp) & ~mask) | ((x.gpr(kEsp) + bytes) & mask);
  return Verdict::kDone;
}

Verdict return_from_protected_interrupt(Execution& x) {
  const FarTarget target = pop_target(x);
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t flags = x.pop(size);
  enter(x, find_code(x, target), target.eip);
  if (!x.fault()) x.set_flags(eflags::kImage & mask_of(size), flags);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
