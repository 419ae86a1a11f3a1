#include "vmm/cpu_soft/opcode_map.hpp"

namespace vmm::cpu_soft {
namespace {

// Whether the library is wrong without a prefix too, or only about some prefixed forms.
enum class When : std::uint8_t { kAlways, kPrefixed };

struct Row {
  Opcode first, last;
  When when;
  Correction correction;
  Handler handler;
};

using enum Correction;
constexpr Row kRows[] = {
    {0x007, 0x007, When::kAlways, kDescriptorBits, pop_segment},
    {0x017, 0x017, When::kAlways, kInterruptTiming, pop_stack_segment},
    {0x01f, 0x01f, When::kAlways, kDescriptorBits, pop_segment},
    {0x02f, 0x02f, When::kAlways, kDecimal, decimal_adjust_after_subtraction},
    {0x06c, 0x06d, When::kAlways, kStringIo, input_string},
    {0x06e, 0x06f, When::kAlways, kStringIo, output_string},
    {0x08e, 0x08e, When::kAlways, kInterruptTiming, move_to_segment},
    {0x08f, 0x08f, When::kAlways, kPopToMemory, pop_to_operand},
    {0x09a, 0x09a, When::kAlways, kDescriptorBits, transfer_to_immediate},
    {0x09c, 0x09c, When::kAlways, kFlagsImage, push_flags},
    {0x09d, 0x09d, When::kAlways, kFlagsImage, pop_flags},
    {0x0a4, 0x0a7, When::kPrefixed, kRepeatPieces, cut_repeat},
    {0x0aa, 0x0af, When::kPrefixed, kRepeatPieces, cut_repeat},
    {0x0c0, 0x0c1, When::kAlways, kShifts, shift_by_immediate},
    {0x0c4, 0x0c5, When::kAlways, kDescriptorBits, load_far_pointer},
    {0x0ca, 0x0cb, When::kAlways, kDescriptorBits, return_far},
    {0x0cf, 0x0cf, When::kAlways, kFlagsImage, interrupt_return},
    {0x0d0, 0x0d1, When::kAlways, kShifts, shift_by_one},
    {0x0d2, 0x0d3, When::kAlways, kShifts, shift_by_cl},
    {0x0d4, 0x0d4, When::kAlways, kDecimal, ascii_adjust_after_multiplication},
    {0x0d7, 0x0d7, When::kPrefixed, kAddressSize, translate},
    {0x0d8, 0x0df, When::kAlways, kCoprocessor, escape_to_coprocessor},
    {0x0e0, 0x0e3, When::kPrefixed, kAddressSize, loop},
    {0x0ea, 0x0ea, When::kAlways, kDescriptorBits, transfer_to_immediate},
    {0x0f4, 0x0f4, When::kAlways, kHalt, halt},
    {0x0f6, 0x0f7, When::kAlways, kDivide, signed_division},
    {0x0fb, 0x0fb, When::kAlways, kInterruptTiming, set_interrupt_flag},
    {0x0ff, 0x0ff, When::kPrefixed, kDescriptorBits, transfer_to_memory},  // plain: Engine::is_far_transfer
    {0x100, 0x100, When::kAlways, kDescriptorBits, load_system_segment},
    {0x101, 0x101, When::kAlways, kPaging, load_machine_status},
    {0x120, 0x120, When::kAlways, kPaging, move_from_control},
    {0x122, 0x122, When::kAlways, kPaging, move_to_control},
    {0x130, 0x130, When::kAlways, kModelSpecific, write_model_specific},
    {0x131, 0x131, When::kAlways, kTimeStamp, read_time_stamp},
    {0x132, 0x132, When::kAlways, kModelSpecific, read_model_specific},
    {0x140, 0x14f, When::kAlways, kConditionalMove, conditional_move},
    {0x1a1, 0x1a1, When::kAlways, kDescriptorBits, pop_segment},
    {0x1a2, 0x1a2, When::kAlways, kIdentification, identify},
    {0x1a3, 0x1a3, When::kAlways, kBitTests, bit_test_register},
    {0x1a4, 0x1a4, When::kAlways, kDoubleShifts, double_shift_by_immediate},
    {0x1a5, 0x1a5, When::kAlways, kDoubleShifts, double_shift_by_cl},
    {0x1a9, 0x1a9, When::kAlways, kDescriptorBits, pop_segment},
    {0x1ab, 0x1ab, When::kAlways, kBitTests, bit_test_register},
    {0x1ac, 0x1ac, When::kAlways, kDoubleShifts, double_shift_by_immediate},
    {0x1ad, 0x1ad, When::kAlways, kDoubleShifts, double_shift_by_cl},
    {0x1b0, 0x1b1, When::kAlways, kExchange, compare_and_exchange},
    {0x1b2, 0x1b2, When::kAlways, kDescriptorBits, load_far_pointer},
    {0x1b3, 0x1b3, When::kAlways, kBitTests, bit_test_register},
    {0x1b4, 0x1b5, When::kAlways, kDescriptorBits, load_far_pointer},
    {0x1ba, 0x1ba, When::kAlways, kBitTests, bit_test_immediate},
    {0x1bb, 0x1bb, When::kAlways, kBitTests, bit_test_register},
    {0x1c0, 0x1c1, When::kAlways, kExchange, exchange_and_add},
    {0x1c7, 0x1c7, When::kAlways, kExchange, compare_and_exchange_8},
};

// 0F and the prefixes: what is behind them has to be looked at.
constexpr std::uint8_t kLeadIns[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};

}  // namespace

OpcodeMap::OpcodeMap(Corrections corrections) {
  for (const Row& row : kRows) {
    if (!corrections.has(row.correction)) continue;
    for (unsigned opcode = row.first; opcode <= row.last; ++opcode) {
      handlers_[opcode] = row.handler;
      if (row.when == When::kAlways && opcode < kTwoByte) wanted_[opcode] = true;
    }
  }
  if (corrections != Corrections::none()) {
    for (std::uint8_t lead_in : kLeadIns) wanted_[lead_in] = true;
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool may_use_stack =
        corrections.has(Correction::kStackSegment) && has_modrm(static_cast<Opcode>(byte));
    wanted_with_two_segments_[byte] = wanted_[byte] || may_use_stack;
  }
}

}  // namespace vmm::cpu_soft
