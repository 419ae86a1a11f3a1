#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/handlers.hpp"
#include "vmm/cpu_soft/shifts.hpp"

namespace vmm::cpu_soft {
namespace {

// The operands as one number, so that counts above 16 of a 16-bit shift, undefined by the SDM, rotate through
// value:filler:value as a P6 does.
struct Joined {
  std::uint64_t bits;
  unsigned width;
};

Joined join(unsigned size, std::uint32_t value, std::uint32_t filler) {
  if (size == 4) return {(std::uint64_t{value} << 32) | filler, 64};
  return {(std::uint64_t{value} << 32) | (std::uint64_t{filler} << 16) | value, 48};
}

Joined join_right(unsigned size, std::uint32_t value, std::uint32_t filler) {
  if (size == 4) return {(std::uint64_t{filler} << 32) | value, 64};
  return join(size, value, filler);
}

Verdict double_shift_operand(Execution& x, std::uint32_t count) {
  const unsigned size = x.instruction().operand_size;
  const Operand target = x.rm(size);
  const DoubleShift kind = (x.instruction().opcode & 8) == 0 ? DoubleShift::kLeft : DoubleShift::kRight;
  const ShiftResult result = double_shift(kind, size, x.read(target), x.read(x.reg(size)), count);
  x.write(target, result.value);
  x.set_flags(result.flags_changed, result.flags);
  return Verdict::kDone;
}

}  // namespace

ShiftResult double_shift(DoubleShift kind, unsigned size, std::uint32_t value, std::uint32_t filler,
                         std::uint32_t count) {
  const unsigned masked = count & 0x1f;
  if (masked == 0) return {value, 0, 0};
  std::uint64_t result = 0, carry = 0;
  if (kind == DoubleShift::kLeft) {
    const Joined joined = join(size, value, filler);
    result = joined.bits << masked >> (joined.width - 8 * size);
    carry = joined.bits >> (joined.width - masked);
  } else {
    const Joined joined = join_right(size, value, filler);
    result = joined.bits >> masked;
    carry = joined.bits >> (masked - 1);
  }
  const std::uint32_t narrow = static_cast<std::uint32_t>(result) & mask_of(size);
  const bool sign_changed = ((narrow ^ value) & sign_of(size)) != 0;
  return {narrow, eflags::kArithmetic & ~eflags::kAf,
          result_flags(narrow, size) | flag_if((carry & 1) != 0, eflags::kCf) |
              flag_if(sign_changed, eflags::kOf)};
}

Verdict double_shift_by_immediate(Execution& x) {
  x.decode_modrm();
  return double_shift_operand(x, x.fetch(1));
}

Verdict double_shift_by_cl(Execution& x) {
  x.decode_modrm();
  return double_shift_operand(x, x.get(kEcx, 1));
}

}  // namespace vmm::cpu_soft
