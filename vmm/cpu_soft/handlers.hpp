// The handlers of the correction layer, by the file they are in. opcode_map.cpp says who handles what.
#pragma once

#include <cstdint>

#include "vmm/cpu_soft/execution.hpp"

namespace vmm::cpu_soft {

enum class Verdict : std::uint8_t {
  kDone,          ///< executed, or faulted
  kAgain,         ///< executed in part: the same instruction comes next
  kLeaveToOthers  ///< nothing wrong with this one: the library executes it
};

using Handler = Verdict (*)(Execution&);

// activity.cpp
Verdict halt(Execution& x);
Verdict set_interrupt_flag(Execution& x);
Verdict move_to_segment(Execution& x);
Verdict pop_stack_segment(Execution& x);

// segment_loads.cpp
Verdict move_to_data_segment(Execution& x, SegmentRegister which);
Verdict pop_segment(Execution& x);
Verdict load_far_pointer(Execution& x);
Verdict load_system_segment(Execution& x);

// far_transfers.cpp
Verdict transfer_to_immediate(Execution& x);
Verdict transfer_to_memory(Execution& x);
Verdict return_far(Execution& x);
Verdict return_from_protected_interrupt(Execution& x);

// repeat.cpp
Verdict cut_repeat(Execution& x);

// shifts.cpp, double_shifts.cpp
Verdict shift_by_immediate(Execution& x);
Verdict shift_by_one(Execution& x);
Verdict shift_by_cl(Execution& x);
Verdict double_shift_by_immediate(Execution& x);
Verdict double_shift_by_cl(Execution& x);

// bit_tests.cpp
Verdict bit_test_register(Execution& x);
Verdict bit_test_immediate(Execution& x);

// exchange.cpp
Verdict compare_and_exchange(Execution& x);
Verdict exchange_and_add(Execution& x);
Verdict compare_and_exchange_8(Execution& x);

// arithmetic.cpp
Verdict decimal_adjust_after_subtraction(Execution& x);
Verdict ascii_adjust_after_multiplication(Execution& x);
Verdict signed_division(Execution& x);

// moves.cpp
Verdict conditional_move(Execution& x);
Verdict translate(Execution& x);
Verdict loop(Execution& x);

// stack.cpp
Verdict push_flags(Execution& x);
Verdict pop_flags(Execution& x);
Verdict interrupt_return(Execution& x);
Verdict pop_to_operand(Execution& x);

// string_io.cpp
Verdict input_string(Execution& x);
Verdict output_string(Execution& x);

// system.cpp
Verdict move_from_control(Execution& x);
Verdict move_to_control(Execution& x);
Verdict load_machine_status(Execution& x);
Verdict read_model_specific(Execution& x);
Verdict write_model_specific(Execution& x);
Verdict read_time_stamp(Execution& x);
Verdict identify(Execution& x);
Verdict escape_to_coprocessor(Execution& x);

}  // namespace vmm::cpu_soft
