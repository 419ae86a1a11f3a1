// PUSHF, POPF, IRET, and POP to memory: Intel SDM volume 2, those entries.
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {

Verdict push_flags(Execution& x) {
  x.push((x.flags() & eflags::kImage) | eflags::kFixed, x.instruction().operand_size);
  return Verdict::kDone;
}

Verdict pop_flags(Execution& x) {
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t value = x.pop(size);
  x.set_flags(eflags::kImage & mask_of(size), value);
  return Verdict::kDone;
}

// The library clears the upper half of EFLAGS when only the lower comes from the stack.
Verdict interrupt_return(Execution& x) {
  x.processor().exceptions.returned(x.processor().instructions + 1);
  if (x.registers().is_protected()) return return_from_protected_interrupt(x);
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t eip = x.pop(size);
  const auto selector = static_cast<std::uint16_t>(x.pop(size));
  const std::uint32_t flags = x.pop(size);
  if (x.fault()) return Verdict::kDone;
  x.jump(eip);
  *x.registers().segment[kCs].selector = selector;
  *x.registers().segment[kCs].base = std::uint32_t{selector} << 4;
  x.set_flags(eflags::kImage & mask_of(size), flags);
  return Verdict::kDone;
}

// "If the ESP register is used as a base register for addressing a destination operand in memory, the POP
// instruction computes the effective address of the operand after it increments the ESP register."
Verdict pop_to_operand(Execution& x) {
  const unsigned size = x.instruction().operand_size;
  const std::uint32_t value = x.pop(size);
  if (x.decode_modrm().reg != 0) x.raise(Event::exception(Vector::kInvalidOpcode));
  x.write(x.rm(size), value);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
