#include "vmm/cpu_soft/engine.hpp"

#include <limits>

#include "vmm/cpu_soft/repeat.hpp"

namespace vmm::cpu_soft {

Engine::Engine(const CpuWiring& wiring, Corrections corrections)
    : corrections_(corrections),
      map_(corrections),
      interrupts_(wiring.interrupts),
      bus_(wiring.memory, wiring.io, wiring.mmio, a20_),
      core_(*this, bus_, corrections),
      processor_{.registers = core_.registers(), .bus = bus_, .repeat = {}, .exceptions = {}} {}

void Engine::request_stop() {
  stop_requested_ = true;
  attend_at_ = 0;
}

void Engine::set_interrupt_line(CpuSoft::Level level) {
  interrupt_line_ = level;
  attend_at_ = 0;
}

CpuSoft::Stop Engine::run(std::uint64_t instructions) {
  constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t now = processor_.instructions;
  budget_end_ = instructions > forever - now ? forever : now + instructions;
  attend_at_ = 0;
  stop_.reset();
  while (core_.run() == X86emuCore::Return::kLeft) {
    if (stop_) return *stop_;
  }
  return CpuSoft::Stop::kRequested;  // HLT without its correction cannot be told from a stop
}

Engine::Next Engine::before_instruction() {
  core_is_behind_ = false;
  for (;;) {
    if (processor_.instructions >= attend_at_ && !attend()) return Next::kLeave;
    const Registers& registers = processor_.registers;
    const SegmentView& code = registers.segment[kCs];
    if (*registers.eip > *code.limit) {
      ++processor_.instructions;
      take(Event::exception(Vector::kGeneralProtection, 0));
      continue;
    }
    const auto first = static_cast<std::uint8_t>(bus_.fetch(*code.base + *registers.eip, 1));
    if (!wants(first) && !is_far_transfer(first)) return hand_over();
    if (const std::optional<Next> next = consider()) return *next;
  }
}

// FF /3 and /5. The rest of group 5, near calls and jumps among it, is too frequent to be decoded for them.
bool Engine::is_far_transfer(std::uint8_t first_byte) const {
  constexpr std::uint8_t group_5 = 0xff;
  if (first_byte != group_5) return false;
  const Registers& registers = processor_.registers;
  const unsigned reg = bus_.fetch(*registers.segment[kCs].base + *registers.eip + 1, 1) >> 3 & 7;
  return reg == 3 || reg == 5;
}

// In flat code, and where addresses are of 16 bits, [EBP + disp8] is right in any segment.
bool Engine::wants(std::uint8_t first_byte) const {
  const auto& segment = processor_.registers.segment;
  if (!segment[kCs].is_big()) return map_.wants(first_byte);
  if (*segment[kDs].base == *segment[kSs].base && *segment[kDs].limit == *segment[kSs].limit) {
    return map_.wants(first_byte);
  }
  return map_.wants_with_two_segments(first_byte);
}

Engine::Next Engine::hand_over() {
  if (core_is_behind_) core_.begin_instruction();
  ++processor_.instructions;
  return processor_.repeat.phase == Repeat::Phase::kCut ? Next::kExecutePiece : Next::kExecute;
}

// Nothing when the instruction was dealt with here and the next one is to be looked at.
std::optional<Engine::Next> Engine::consider() {
  const CodeReader code(processor_);
  const Instruction instruction = decode(processor_, code);
  if (instruction.is_too_long()) return hand_over();  // the core's limit finds it
  if (const Handler handler = map_.handler(instruction.opcode)) {
    if (execute(handler, code, instruction) != Verdict::kLeaveToOthers) return {};
  }
  const Next next = hand_over();
  prepare(code, instruction);
  if (next == Next::kExecutePiece) attend_at_ = 0;
  return next;
}

Verdict Engine::execute(Handler handler, const CodeReader& code, const Instruction& instruction) {
  Execution execution(processor_, code, instruction);
  const Verdict verdict = handler(execution);
  if (verdict == Verdict::kLeaveToOthers && !execution.fault()) return verdict;

  ++processor_.instructions;
  core_is_behind_ = true;
  if (execution.fault()) {
    execution.undo();
    take(*execution.fault());
  } else if (verdict == Verdict::kDone) {
    execution.retire();
  }
  if (processor_.activity != Activity::kRunning || processor_.paging_requested) attend_at_ = 0;
  return Verdict::kDone;
}

// What the library has to be told of an instruction that it executes.
void Engine::prepare(const CodeReader& code, const Instruction& instruction) {
  if (corrections_.has(Correction::kStackSegment) && instruction.address_size == 4 &&
      has_modrm(instruction.opcode)) {
    constexpr std::uint8_t mod_and_rm = 0xc7;
    constexpr std::uint8_t ebp_and_disp8 = 0x45;
    if ((code.at(instruction.length) & mod_and_rm) == ebp_and_disp8) core_.use_stack_segment();
  }
  if (corrections_.has(Correction::kRepeatedPrefix)) {
    const auto cancels = [](std::uint8_t prefixes) { return prefixes != 0 && prefixes % 2 == 0; };
    if (cancels(instruction.operand_prefixes)) core_.toggle_operand_size();
    if (cancels(instruction.address_prefixes)) core_.toggle_address_size();
  }
}

void Engine::take(const Event& event) {
  processor_.repeat.phase = Repeat::Phase::kIdle;
  if (event.cause == Cause::kException) watch(event.vector);
  deliver(processor_, event);
  core_is_behind_ = true;
  if (processor_.activity != Activity::kRunning) attend_at_ = 0;
}

void Engine::watch(std::uint8_t vector) {
  const SegmentView& code = processor_.registers.segment[kCs];
  processor_.exceptions.raised({vector, *code.selector, *code.base, *processor_.registers.eip},
                               processor_.instructions);
}

bool Engine::leave(CpuSoft::Stop stop) {
  stop_ = stop;
  return false;
}

// True when there is an instruction to execute.
bool Engine::attend() {
  if (processor_.repeat.phase == Repeat::Phase::kPieceRuns) {
    end_piece(processor_);
    core_is_behind_ = true;
  }
  if (stop_requested_) {
    stop_requested_ = false;
    return leave(CpuSoft::Stop::kRequested);
  }
  if (processor_.paging_requested) {
    processor_.paging_requested = false;
    return leave(CpuSoft::Stop::kPaging);
  }
  if (processor_.activity != Activity::kShutdown && processor_.instructions >= budget_end_) {
    return leave(CpuSoft::Stop::kBudget);
  }
  if (may_interrupt()) interrupt();
  if (processor_.activity == Activity::kHalted) return leave(CpuSoft::Stop::kHalted);
  if (processor_.activity == Activity::kShutdown) return leave(CpuSoft::Stop::kShutdown);
  // Whoever was called here may have asked for a stop.
  attend_at_ = interrupt_line_ == CpuSoft::Level::kHigh || stop_requested_ ? 0 : budget_end_;
  return true;
}

// SDM volume 3, section 6.8.1, and 6.8.3 for what holds interrupts off.
bool Engine::may_interrupt() const {
  return interrupt_line_ == CpuSoft::Level::kHigh && (*processor_.registers.eflags & eflags::kIf) != 0 &&
         processor_.held_off_at != processor_.instructions && processor_.activity != Activity::kShutdown;
}

void Engine::interrupt() {
  const std::uint8_t vector = interrupts_.acknowledge();
  ++processor_.instructions;
  if (corrections_.has(Correction::kInterruptTiming)) {
    take({vector, Cause::kExternal, {}});
  } else {
    processor_.activity = Activity::kRunning;
    core_.raise(vector);
  }
}

}  // namespace vmm::cpu_soft
