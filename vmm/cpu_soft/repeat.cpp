#include "vmm/cpu_soft/repeat.hpp"

#include "vmm/cpu_soft/handlers.hpp"

namespace vmm::cpu_soft {

Verdict cut_repeat(Execution& x) {
  const Instruction& instruction = x.instruction();
  const std::uint32_t count_mask = mask_of(instruction.address_size);
  const std::uint32_t count = x.gpr(kEcx) & count_mask;
  if (instruction.repeat == RepeatPrefix::kNone || count <= kPieceIterations) return Verdict::kLeaveToOthers;

  const unsigned kind = instruction.opcode & 0xfe;
  const bool compares = kind == 0xa6 || kind == 0xae;
  x.processor().repeat = {
      .phase = Repeat::Phase::kCut,
      .eip = *x.registers().eip,
      .rest = count - kPieceIterations,
      .count_mask = count_mask,
      .flags_that_go_on = instruction.repeat == RepeatPrefix::kRep ? eflags::kZf : 0,
      .flags_that_matter = compares ? eflags::kZf : 0,
  };
  return Verdict::kLeaveToOthers;
}

namespace {

void set_count(const Processor& processor, std::uint32_t count) {
  std::uint32_t& ecx = *processor.registers.gpr[kEcx];
  ecx = (ecx & ~processor.repeat.count_mask) | count;
}

}  // namespace

void begin_piece(Processor& processor) {
  set_count(processor, kPieceIterations);
  processor.repeat.phase = Repeat::Phase::kPieceRuns;
}

void end_piece(Processor& processor) {
  Repeat& repeat = processor.repeat;
  const Registers& registers = processor.registers;
  const std::uint32_t left = *registers.gpr[kEcx] & repeat.count_mask;
  const bool goes_on = ((*registers.eflags ^ repeat.flags_that_go_on) & repeat.flags_that_matter) == 0;
  set_count(processor, repeat.rest + left);
  if (left == 0 && goes_on) *registers.eip = repeat.eip;
  repeat.phase = Repeat::Phase::kIdle;
}

}  // namespace vmm::cpu_soft
