// HLT, and what holds interrupts off for one instruction: STI, MOV SS and POP SS. Intel SDM volume 2, those
// entries, and volume 3, section 6.8.3. Left out: NMI and SMI, which would also end HLT.
#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {
namespace {

// `instructions` counts the one in hand only when it is done.
void hold_interrupts_off(Processor& processor) {
  processor.held_off_at = processor.instructions + 1;
}

}  // namespace

Verdict halt(Execution& x) {
  x.processor().activity = Activity::kHalted;
  return Verdict::kDone;
}

Verdict set_interrupt_flag(Execution& x) {
  if (!x.is_set(eflags::kIf)) hold_interrupts_off(x.processor());
  x.set_flags(eflags::kIf, eflags::kIf);
  return Verdict::kDone;
}

// In real mode the library loads the register, but it would load CS too.
Verdict move_to_segment(Execution& x) {
  const unsigned which = x.decode_modrm().reg;
  if (which == kCs || which > kGs) {
    x.raise(Event::exception(Vector::kInvalidOpcode));
    return Verdict::kDone;
  }
  if (which == kSs) hold_interrupts_off(x.processor());
  return move_to_data_segment(x, static_cast<SegmentRegister>(which));
}

Verdict pop_stack_segment(Execution& x) {
  hold_interrupts_off(x.processor());
  return pop_segment(x);
}

}  // namespace vmm::cpu_soft
