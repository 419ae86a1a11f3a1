// BT, BTS, BTR, BTC: Intel SDM volume 2, those entries, and section 3.1.1.9 for bit strings in memory.
#include "vmm/cpu_soft/arithmetic_flags.hpp"
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {
namespace {

// In the order of the low two bits of the opcode's (or the ModR/M byte's) octal digit.
enum class BitTest : std::uint8_t { kTest, kSet, kReset, kComplement };

std::uint32_t changed(BitTest kind, std::uint32_t value, std::uint32_t bit) {
  switch (kind) {
    case BitTest::kSet:
      return value | bit;
    case BitTest::kReset:
      return value & ~bit;
    case BitTest::kComplement:
      return value ^ bit;
    case BitTest::kTest:
      break;
  }
  return value;
}

void test_bit(Execution& x, BitTest kind, const Operand& target, std::uint32_t index) {
  const std::uint32_t bit = 1u << (index % (8u * target.size));
  const std::uint32_t value = x.read(target);
  if (kind != BitTest::kTest) x.write(target, changed(kind, value, bit));
  x.set_flags(eflags::kCf, flag_if((value & bit) != 0, eflags::kCf));
}

// The register is a signed bit offset; memory is addressed in units of the operand.
Operand in_bit_string(const Execution& x, unsigned size, std::uint32_t offset) {
  const auto bits = static_cast<std::int32_t>(8 * size);
  const std::int32_t distance =
      size == 4 ? static_cast<std::int32_t>(offset) : static_cast<std::int16_t>(offset);
  const std::int32_t unit = distance >> (size == 4 ? 5 : 4);
  return x.memory_at(unit * (bits / 8), size);
}

}  // namespace

Verdict bit_test_register(Execution& x) {
  const unsigned size = x.instruction().operand_size;
  x.decode_modrm();
  const std::uint32_t offset = x.read(x.reg(size));
  const auto kind = static_cast<BitTest>((x.instruction().opcode >> 3) & 3);
  test_bit(x, kind, x.modrm().is_register() ? x.rm(size) : in_bit_string(x, size, offset), offset);
  return Verdict::kDone;
}

Verdict bit_test_immediate(Execution& x) {
  const ModRm& modrm = x.decode_modrm();
  if (modrm.reg < 4) {
    x.raise(Event::exception(Vector::kInvalidOpcode));
    return Verdict::kDone;
  }
  const std::uint32_t offset = x.fetch(1);
  test_bit(x, static_cast<BitTest>(modrm.reg & 3), x.rm(x.instruction().operand_size), offset);
  return Verdict::kDone;
}

}  // namespace vmm::cpu_soft
