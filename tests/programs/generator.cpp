#include "tests/programs/generator.hpp"

#include <iterator>

#include "guest/program/layout.h"
#include "tests/programs/assembler.hpp"

namespace programs {
namespace {

struct Weight {
  Kind kind;
  std::uint32_t weight;
};
constexpr Weight kWeights[] = {
    {Kind::kConfigWrite, 28}, {Kind::kConfigRead, 3}, {Kind::kLoad, 14},     {Kind::kStore, 12},
    {Kind::kModify, 14},      {Kind::kMove, 6},       {Kind::kFill, 3},      {Kind::kCompare, 3},
    {Kind::kScan, 2},         {Kind::kPortToRam, 1},  {Kind::kRamToPort, 1}, {Kind::kStack, 3},
    {Kind::kRoutine, 6},      {Kind::kPatching, 4},   {Kind::kCall, 10},     {Kind::kReset, 1},
    {Kind::kInterrupt, 3},    {Kind::kDma, 3},        {Kind::kA20, 1},
};

std::uint32_t all_ones(unsigned size) {
  return 0xffffffffu >> (32 - 8 * size);
}

}  // namespace

Program Generator::next() {
  routines_.clear();
  Footing footing(profile_);
  Program program;
  const std::uint32_t length = 16 + pick(40);
  while (program.size() < length) {
    const Op op = program.size() < 3 ? config_op() : any_op();
    if (!footing.allows(op)) continue;
    footing.note(op);
    if (op.kind == Kind::kRoutine || op.kind == Kind::kPatching) routines_.push_back(op.address);
    program.push_back(op);
  }
  return program;
}

Op Generator::any_op() {
  std::uint32_t sum = 0;
  for (const Weight& row : kWeights) sum += row.weight;
  std::uint32_t left = pick(sum);
  const Weight* row = kWeights;
  while (left >= row->weight) left -= (row++)->weight;
  return op_of(row->kind);
}

Op Generator::op_of(Kind kind) {
  switch (kind) {
    case Kind::kConfigWrite:
      return one_in(6) ? register_op() : config_op();
    case Kind::kConfigRead: {
      Op op = config_op();
      op.kind = kind;
      op.value = 0;
      return op;
    }
    case Kind::kMove:
    case Kind::kFill:
    case Kind::kCompare:
    case Kind::kScan:
      return string_op(kind);
    case Kind::kPortToRam:
    case Kind::kRamToPort:
      return port_op(kind);
    case Kind::kRoutine:
    case Kind::kPatching:
    case Kind::kCall:
      return code_op(kind);
    case Kind::kReset:
    case Kind::kA20:
      return {.kind = kind, .form = static_cast<std::uint8_t>(pick(forms_of(kind)))};
    case Kind::kInterrupt:
      return {.kind = kind, .form = static_cast<std::uint8_t>(pick(2)), .address = address(16, 0)};
    case Kind::kDma: {
      Op op{.kind = kind, .count = static_cast<std::uint8_t>(1 + pick(8))};
      op.address = address(0, op.count);
      return op;
    }
    default:
      return memory_op(kind);
  }
}

// Each segment's two bits as the profile allows.
std::uint32_t Generator::pam_value(unsigned size) {
  std::uint32_t value = one_in(3) ? pick(4) * 0x11111111u : number();
  if (!profile_.reserved_bits) value &= 0x33333333;
  if (!profile_.state_10) {
    // 10 becomes 11.
    value |= (value & 0x22222222) >> 1;
  }
  return value & all_ones(size);
}

Op Generator::config_op() {
  constexpr std::uint8_t kSizes[] = {1, 2, 4, 4};
  Op op{.kind = Kind::kConfigWrite, .size = kSizes[pick(4)]};
  op.address = (one_in(2) ? 0x58 : 0x5c) + (one_in(2) ? pick(4) : 0);
  op.value = pam_value(op.size);
  if (profile_.reserved_bits) return op;
  // DRAMT and the lower half of PAM0 keep what they have.
  for (unsigned i = 0; i < op.size; ++i) {
    const std::uint32_t byte = op.address + i, shift = 8 * i;
    if (byte == kDramt) op.value = (op.value & ~(0xffu << shift)) | std::uint32_t{kResetDramt} << shift;
    if (byte == kPam0) op.value &= ~(0x0fu << shift);
  }
  return op;
}

Op Generator::register_op() {
  struct Register {
    std::uint8_t offset;
    std::uint8_t values[8];
  };
  constexpr Register kRegisters[] = {
      {0x68, {0x00, 0x40, 0x80, 0x00, 0x40, 0x80, 0x40, 0x80}},  // FDHC: no hole, 512K, 15M
      {0x67, {1, 2, 8, 8, 2, 2, 1, 8}},                          // DRB7: 8M, 16M, all
      // SMRAM: open; closed; off; D_OPEN without G_SMRAME; D_CLS; locked, also with D_CLS or D_OPEN
      {0x72, {0x4a, 0x0a, 0x02, 0x42, 0x2a, 0x1a, 0x3a, 0x5a}},
      {0x72, {0x4a, 0x4a, 0x4a, 0x0a, 0x4a, 0x0a, 0x4a, 0x02}},
      {0x73, {0x80, 0x01, 0x07, 0x00, 0x81, 0x80, 0x03, 0x00}},  // ESMRAMC: H_SMRAM_EN, TSEG_EN and TSEG_SZ
  };
  const Register& row = kRegisters[pick(std::size(kRegisters))];
  return {.kind = Kind::kConfigWrite, .size = 1, .address = row.offset, .value = row.values[pick(8)]};
}

// An access of [address - before, address + after) lies in a window.
std::uint32_t Generator::address(std::uint32_t before, std::uint32_t after) {
  for (;;) {
    const Window& window = kWindows[pick(std::size(kWindows))];
    if (!window.is_aimed_at()) continue;
    const std::uint32_t boundary = window.boundary;
    const std::uint32_t reach = one_in(4) ? 40 : 6;
    const std::uint32_t at = boundary + pick(2 * reach + 1) - reach + (one_in(2) ? before : 0);
    const bool fits =
        at - before >= boundary - WINDOW_BEFORE && at + after <= boundary - WINDOW_BEFORE + WINDOW_BYTES;
    if (fits) return at;
  }
}

Op Generator::memory_op(Kind kind) {
  constexpr std::uint8_t kSizes[] = {1, 2, 4};
  Op op{.kind = kind, .size = kSizes[pick(3)], .value = number()};
  op.form = static_cast<std::uint8_t>(pick(forms_of(kind)));
  op.count = kind == Kind::kModify && one_in(3);
  op.other = one_in(2) ? op.value : number();
  const bool is_stack = kind == Kind::kStack;
  op.address = address(is_stack ? 32 : 0, is_stack ? 0 : op.size);
  return op;
}

Op Generator::string_op(Kind kind) {
  constexpr std::uint8_t kSizes[] = {1, 2, 4};
  Op op{.kind = kind, .size = kSizes[pick(3)], .value = number()};
  op.form = static_cast<std::uint8_t>(pick(2));
  op.count = static_cast<std::uint8_t>(1 + pick(8));
  const std::uint32_t rest = (op.count - 1u) * op.size;
  const std::uint32_t before = op.form == 0 ? 0 : rest, after = op.form == 0 ? rest + op.size : op.size;
  op.address = address(before, after);
  op.other = address(before, after);
  return op;
}

Op Generator::port_op(Kind kind) {
  constexpr std::uint8_t kSizes[] = {1, 2, 4};
  Op op{.kind = kind, .size = kSizes[pick(3)]};
  op.count = static_cast<std::uint8_t>(1 + pick(4));
  op.value = one_in(2) ? 0x58 : 0x5c;
  op.address = address(0, std::uint32_t{op.count} * op.size);
  op.other = address(0, std::uint32_t{op.count} * op.size);
  return op;
}

Op Generator::code_op(Kind kind) {
  constexpr std::uint32_t kLongest = 16;
  Op op{.kind = kind, .value = number()};
  const bool again = !routines_.empty() && !one_in(8);
  if (kind == Kind::kCall && again) {
    op.address = routines_[pick(static_cast<std::uint32_t>(routines_.size()))];
    return op;
  }
  op.address = address(0, kLongest);
  return op;
}

}  // namespace programs
