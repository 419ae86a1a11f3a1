#include "vmm/cpu_soft/shifts.hpp"

#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {
namespace {

constexpr std::uint32_t kCountMask = 0x1f;  // "the count is masked to 5 bits", whatever the operand's size

struct Operands {
  unsigned size;
  unsigned bits;
  std::uint32_t value;
  std::uint32_t count;  // 1-31
  std::uint32_t carry;  // 0 or 1
};

// A rotate's result and the bit that ends up in CF.
struct Outcome {
  std::uint32_t value;
  std::uint32_t carry;
};

std::uint32_t top_bit(const Operands& o, std::uint32_t value) {
  return (value >> (o.bits - 1)) & 1;
}

std::uint32_t rotate_left(const Operands& o, std::uint32_t by) {
  return by == 0 ? o.value : ((o.value << by) | (o.value >> (o.bits - by))) & mask_of(o.size);
}

ShiftResult rotated(Outcome outcome, std::uint32_t overflow) {
  return {outcome.value, eflags::kCf | eflags::kOf,
          flag_if(outcome.carry != 0, eflags::kCf) | flag_if(overflow != 0, eflags::kOf)};
}

ShiftResult rol(const Operands& o) {
  const std::uint32_t value = rotate_left(o, o.count % o.bits);
  return rotated({value, value & 1}, top_bit(o, value) ^ (value & 1));
}

ShiftResult ror(const Operands& o) {
  const std::uint32_t value = rotate_left(o, (o.bits - o.count % o.bits) % o.bits);
  return rotated({value, top_bit(o, value)}, top_bit(o, value) ^ top_bit(o, value << 1));
}

// Rotates CF:value, a number of bits + 1 bits, to the left.
Outcome rotate_with_carry(const Operands& o, std::uint32_t by) {
  const unsigned width = o.bits + 1;
  const std::uint64_t wide = (std::uint64_t{o.carry} << o.bits) | o.value;
  const std::uint64_t turned = by == 0 ? wide : (wide << by) | (wide >> (width - by));
  return {static_cast<std::uint32_t>(turned) & mask_of(o.size),
          static_cast<std::uint32_t>(turned >> o.bits) & 1};
}

ShiftResult rcl(const Operands& o) {
  const Outcome outcome = rotate_with_carry(o, o.count % (o.bits + 1));
  return rotated(outcome, top_bit(o, outcome.value) ^ outcome.carry);
}

ShiftResult rcr(const Operands& o) {
  const Outcome outcome = rotate_with_carry(o, (o.bits + 1 - o.count % (o.bits + 1)) % (o.bits + 1));
  return rotated(outcome, top_bit(o, outcome.value) ^ top_bit(o, outcome.value << 1));
}

ShiftResult shifted(const Operands& o, std::uint64_t value, std::uint64_t carry, std::uint32_t overflow) {
  const std::uint32_t result = static_cast<std::uint32_t>(value) & mask_of(o.size);
  return {result, eflags::kArithmetic & ~eflags::kAf,
          result_flags(result, o.size) | flag_if((carry & 1) != 0, eflags::kCf) |
              flag_if(overflow != 0, eflags::kOf)};
}

ShiftResult shl(const Operands& o) {
  const std::uint64_t wide = std::uint64_t{o.value} << o.count;
  const std::uint64_t carry = wide >> o.bits;
  return shifted(o, wide, carry,
                 top_bit(o, static_cast<std::uint32_t>(wide)) ^ static_cast<std::uint32_t>(carry & 1));
}

ShiftResult shr(const Operands& o) {
  return shifted(o, o.value >> o.count, o.value >> (o.count - 1), top_bit(o, o.value));
}

ShiftResult sar(const Operands& o) {
  const std::int64_t value =
      static_cast<std::int64_t>(std::uint64_t{o.value} << (64 - o.bits)) >> (64 - o.bits);
  return shifted(o, static_cast<std::uint64_t>(value >> o.count),
                 static_cast<std::uint64_t>(value >> (o.count - 1)), 0);
}

using Function = ShiftResult (*)(const Operands&);
constexpr Function kFunctions[8] = {rol, ror, rcl, rcr, shl, shr, shl, sar};

Verdict shift_operand(Execution& x, std::uint32_t count) {
  const Operand target = x.rm(x.size_by_opcode());
  const auto kind = static_cast<Shift>(x.modrm().reg);
  const ShiftResult result = shift(kind, target.size, x.read(target), count, x.flags());
  x.write(target, result.value);
  x.set_flags(result.flags_changed, result.flags);
  return Verdict::kDone;
}

}  // namespace

ShiftResult shift(Shift kind, unsigned size, std::uint32_t value, std::uint32_t count, std::uint32_t flags) {
  const std::uint32_t masked = count & kCountMask;
  if (masked == 0) return {value, 0, 0};
  return kFunctions[static_cast<unsigned>(kind)]({size, 8 * size, value, masked, flags & eflags::kCf});
}

Verdict shift_by_immediate(Execution& x) {
  x.decode_modrm();
  return shift_operand(x, x.fetch(1));
}

Verdict shift_by_one(Execution& x) {
  x.decode_modrm();
  return shift_operand(x, 1);
}

Verdict shift_by_cl(Execution& x) {
  x.decode_modrm();
  return shift_operand(x, x.get(kEcx, 1));
}

}  // namespace vmm::cpu_soft
