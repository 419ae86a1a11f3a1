// The loop around the library: what happens between two instructions.
//
// Before each instruction the library asks, and the Engine ends the run, delivers an interrupt, executes the
// instruction itself when the library would get it wrong, or leaves it to the library.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/cpu_soft/cpu_soft.hpp"
#include "vmm/cpu_soft/interrupts.hpp"
#include "vmm/cpu_soft/opcode_map.hpp"
#include "vmm/cpu_soft/processor.hpp"
#include "vmm/cpu_soft/x86emu_core.hpp"

namespace vmm::cpu_soft {

class Engine {
 public:
  enum class Next : std::uint8_t {
    kLeave,         ///< end the run
    kExecute,       ///< the library executes the instruction at CS:EIP
    kExecutePiece,  ///< the same, after begin_piece()
  };

  Engine(const CpuWiring& wiring, Corrections corrections);

  CpuSoft::Stop run(std::uint64_t instructions);
  void request_stop();
  void set_interrupt_line(CpuSoft::Level level);
  void set_a20(CpuSoft::Level level) { a20_.closed = level == CpuSoft::Level::kLow; }

  std::uint32_t instruction_eip() const { return core_.began_at(); }
  Processor& processor() { return processor_; }
  const Processor& processor() const { return processor_; }

  // What the core calls.
  Next before_instruction();
  /// Whether exceptions and software interrupts come to take(), or the library delivers them as it can.
  bool delivers() const { return corrections_.has(Correction::kFaultDelivery); }
  /// The registers are as the handler is to find them on its stack.
  void take(const Event& event);

 private:
  bool attend();
  bool leave(CpuSoft::Stop stop);
  bool may_interrupt() const;
  void interrupt();
  void watch(std::uint8_t vector);
  bool wants(std::uint8_t first_byte) const;
  bool is_far_transfer(std::uint8_t first_byte) const;
  std::optional<Next> consider();
  Verdict execute(Handler handler, const CodeReader& code, const Instruction& instruction);
  Next hand_over();
  void prepare(const CodeReader& code, const Instruction& instruction);

  // static configuration
  const Corrections corrections_;
  const OpcodeMap map_;

  // glue to the outside
  InterruptAcknowledge& interrupts_;

  // sub-devices
  A20Mask a20_;
  const Bus bus_;
  X86emuCore core_;

  // volatile state
  Processor processor_;
  CpuSoft::Level interrupt_line_ = CpuSoft::Level::kLow;
  bool stop_requested_ = false;
  bool core_is_behind_ = false;  // CS:EIP moved since the core began this instruction
  std::uint64_t budget_end_ = 0;
  std::uint64_t attend_at_ = 0;  // the instruction count at which attend() has something to do
  std::optional<CpuSoft::Stop> stop_;
};

}  // namespace vmm::cpu_soft
