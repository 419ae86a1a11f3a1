// CMOVcc, XLAT, LOOP and JCXZ: Intel SDM volume 2, those entries.
#include "vmm/cpu_soft/handlers.hpp"
#include "vmm/cpu_soft/registers.hpp"

namespace vmm::cpu_soft {
namespace {

// SDM volume 1, appendix B: the low bit of the code turns the condition round.
bool holds(unsigned code, std::uint32_t flags) {
  const auto any = [flags](std::uint32_t mask) { return (flags & mask) != 0; };
  const bool less = any(eflags::kSf) != any(eflags::kOf);
  const bool conditions[8] = {any(eflags::kOf),
                              any(eflags::kCf),
                              any(eflags::kZf),
                              any(eflags::kCf | eflags::kZf),
                              any(eflags::kSf),
                              any(eflags::kPf),
                              less,
                              less || any(eflags::kZf)};
  return conditions[(code >> 1) & 7] != ((code & 1) != 0);
}

bool sizes_agree(const Execution& x) {
  return x.instruction().operand_size == x.instruction().address_size;
}

}  // namespace

// The source is read whether or not it is moved.
Verdict conditional_move(Execution& x) {
  const unsigned size = x.instruction().operand_size;
  x.decode_modrm();
  const std::uint32_t value = x.read(x.rm(size));
  if (holds(x.instruction().opcode, x.flags())) x.write(x.reg(size), value);
  return Verdict::kDone;
}

// The library takes (E)BX by the operand size.
Verdict translate(Execution& x) {
  if (sizes_agree(x)) return Verdict::kLeaveToOthers;
  const unsigned size = x.instruction().address_size;
  const std::uint32_t offset = (x.gpr(kEbx) + x.get(kEax, 1)) & mask_of(size);
  x.set(kEax, 1, x.read_memory(x.data_segment(), offset, 1));
  return Verdict::kDone;
}

// LOOPNE, LOOPE, LOOP, JCXZ. The library takes (E)CX by the operand size.
Verdict loop(Execution& x) {
  if (sizes_agree(x)) return Verdict::kLeaveToOthers;
  const std::int32_t distance = x.fetch_signed_byte();
  const unsigned kind = x.instruction().opcode & 3;
  constexpr unsigned jcxz = 3;
  const unsigned size = x.instruction().address_size;
  if (kind != jcxz) x.set(kEcx, size, x.get(kEcx, size) - 1);
  const bool is_zero = x.get(kEcx, size) == 0;
  const bool zf = x.is_set(eflags::kZf);
  const bool taken[4] = {!is_zero && !zf, !is_zero && zf, !is_zero, is_zero};
  if (taken[kind]) {
    const std::uint32_t target = x.next_eip() + static_cast<std::uint32_t>(distance);
    x.jump(target & mask_of(x.instruction().operand_size));
  }
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
