// DAS, AAM and IDIV: Intel SDM volume 2, those entries.
#include <limits>

#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {

Verdict decimal_adjust_after_subtraction(Execution& x) {
  const std::uint32_t old_al = x.get(kEax, 1);
  const bool old_carry = x.is_set(eflags::kCf);
  std::uint32_t al = old_al;
  bool carry = false;
  const bool adjust_low = (al & 0xf) > 9 || x.is_set(eflags::kAf);
  if (adjust_low) {
    carry = old_carry || al < 6;
    al -= 6;
  }
  if (old_al > 0x99 || old_carry) {
    al -= 0x60;
    carry = true;
  }
  x.set(kEax, 1, al);
  x.set_flags(eflags::kArithmetic & ~eflags::kOf,
              result_flags(al, 1) | flag_if(carry, eflags::kCf) | flag_if(adjust_low, eflags::kAf));
  return Verdict::kDone;
}

Verdict ascii_adjust_after_multiplication(Execution& x) {
  const std::uint32_t base = x.fetch(1);
  if (base == 0) {
    x.raise(Event::exception(Vector::kDivideError));
    return Verdict::kDone;
  }
  const std::uint32_t al = x.get(kEax, 1);
  x.set(kEax, 2, (al / base) << 8 | al % base);
  x.set_flags(eflags::kSf | eflags::kZf | eflags::kPf, result_flags(al % base, 1));
  return Verdict::kDone;
}

namespace {

// The dividend is twice as wide as the divisor: AX, DX:AX or EDX:EAX.
std::int64_t dividend(const Execution& x, unsigned size) {
  if (size == 1) return static_cast<std::int16_t>(x.get(kEax, 2));
  const std::uint64_t wide = (std::uint64_t{x.get(kEdx, size)} << (8 * size)) | x.get(kEax, size);
  return size == 2 ? static_cast<std::int32_t>(wide) : static_cast<std::int64_t>(wide);
}

std::int64_t sign_extend(std::uint32_t value, unsigned size) {
  const unsigned unused = 64 - 8 * size;
  return static_cast<std::int64_t>(std::uint64_t{value} << unused) >> unused;
}

void set_quotient(const Execution& x, unsigned size, std::int64_t quotient, std::int64_t remainder) {
  constexpr unsigned ah = 4;
  x.set(kEax, size, static_cast<std::uint32_t>(quotient));
  x.set(size == 1 ? ah : kEdx, size, static_cast<std::uint32_t>(remainder));
}

}  // namespace

Verdict signed_division(Execution& x) {
  constexpr unsigned idiv = 7;
  const unsigned size = x.size_by_opcode();
  if (x.decode_modrm().reg != idiv) return Verdict::kLeaveToOthers;
  const std::int64_t numerator = dividend(x, size);
  const std::int64_t divisor = sign_extend(x.read(x.rm(size)), size);
  const bool overflows = divisor == -1 && numerator == std::numeric_limits<std::int64_t>::min();
  const std::int64_t quotient = divisor == 0 || overflows ? 0 : numerator / divisor;
  if (divisor == 0 || overflows || quotient != sign_extend(static_cast<std::uint32_t>(quotient), size)) {
    x.raise(Event::exception(Vector::kDivideError));
    return Verdict::kDone;
  }
  set_quotient(x, size, quotient, numerator % divisor);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
