// CMPXCHG, XADD, CMPXCHG8B: Intel SDM volume 2, those entries. LOCK has no meaning with one CPU.
#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {

Verdict compare_and_exchange(Execution& x) {
  const unsigned size = x.size_by_opcode();
  x.decode_modrm();
  const Operand target = x.rm(size);
  const std::uint32_t accumulator = x.get(kEax, size);
  const std::uint32_t value = x.read(target);
  // "The destination operand receives a write cycle without regard to the result of the comparison."
  x.write(target, accumulator == value ? x.read(x.reg(size)) : value);
  if (accumulator != value) x.set(kEax, size, value);
  x.set_flags(eflags::kArithmetic, difference_flags(accumulator, value, size));
  return Verdict::kDone;
}

Verdict exchange_and_add(Execution& x) {
  const unsigned size = x.size_by_opcode();
  x.decode_modrm();
  const Operand target = x.rm(size);
  const std::uint32_t value = x.read(target);
  const std::uint32_t addend = x.read(x.reg(size));
  x.write(x.reg(size), value);
  x.write(target, value + addend);
  x.set_flags(eflags::kArithmetic, sum_flags(value, addend, size));
  return Verdict::kDone;
}

Verdict compare_and_exchange_8(Execution& x) {
  const ModRm& modrm = x.decode_modrm();
  if (modrm.reg != 1 || modrm.is_register()) {
    x.raise(Event::exception(Vector::kInvalidOpcode));
    return Verdict::kDone;
  }
  const Operand low = x.memory_at(0, 4);
  const Operand high = x.memory_at(4, 4);
  const std::uint32_t old_low = x.read(low);
  const std::uint32_t old_high = x.read(high);
  const bool is_equal = old_low == x.gpr(kEax) && old_high == x.gpr(kEdx);
  x.write(low, is_equal ? x.gpr(kEbx) : old_low);
  x.write(high, is_equal ? x.gpr(kEcx) : old_high);
  if (!is_equal) {
    x.gpr(kEax) = old_low;
    x.gpr(kEdx) = old_high;
  }
  x.set_flags(eflags::kZf, flag_if(is_equal, eflags::kZf));
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
