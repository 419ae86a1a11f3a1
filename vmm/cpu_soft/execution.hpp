// One instruction in the hands of the correction layer: its operands, its immediates, its outcome.
//
// Handlers read as the SDM's pseudo-code: a fault sticks, after it reads give 0 and writes to memory and
// ports do nothing, and the owner undoes the registers. After Intel SDM volume 2, sections 2.1.3-2.1.5
// (ModR/M and SIB).
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/cpu_soft/instruction.hpp"
#include "vmm/cpu_soft/interrupts.hpp"

namespace vmm::cpu_soft {

struct ModRm {
  std::uint8_t mod, reg, rm;
  bool is_register() const { return mod == 3; }
};

/// A register or a piece of memory, of 1, 2 or 4 bytes.
struct Operand {
  enum class Kind : std::uint8_t { kRegister, kMemory };
  Kind kind;
  std::uint8_t size;
  std::uint32_t where;  ///< number of the register, or offset in the instruction's segment
};

class Execution {
 public:
  Execution(Processor& processor, const CodeReader& code, const Instruction& instruction)
      : processor_(processor), code_(code), instruction_(instruction), length_(instruction.length) {
    keep_progress();
  }

  Processor& processor() { return processor_; }
  const Registers& registers() const { return processor_.registers; }
  const Instruction& instruction() const { return instruction_; }

  /// 1 for the even opcode of a pair, the operand size for the odd one.
  unsigned size_by_opcode() const { return (instruction_.opcode & 1) != 0 ? instruction_.operand_size : 1; }

  /// Immediates and the ModR/M byte are fetched in the order of the calls, and before any access to data.
  std::uint32_t fetch(unsigned size);
  std::int32_t fetch_signed_byte() { return static_cast<std::int8_t>(fetch(1)); }
  const ModRm& decode_modrm();
  const ModRm& modrm() const { return modrm_; }
  Operand rm(unsigned size) const;
  Operand reg(unsigned size) const;

  std::uint32_t read(const Operand& operand);
  void write(const Operand& operand, std::uint32_t value);
  /// Memory `distance` bytes on from the instruction's memory operand.
  Operand memory_at(std::int32_t distance, unsigned size) const;

  std::uint32_t read_memory(SegmentRegister segment, std::uint32_t offset, unsigned size);
  void write_memory(SegmentRegister segment, std::uint32_t offset, unsigned size, std::uint32_t value);
  void push(std::uint32_t value, unsigned size);
  std::uint32_t pop(unsigned size);
  std::uint32_t in(std::uint32_t port, unsigned size);
  void out(std::uint32_t port, unsigned size, std::uint32_t value);
  /// Raises what an access there would.
  void check(SegmentRegister segment, std::uint32_t offset, unsigned size);
  SegmentRegister data_segment() const;

  std::uint32_t& gpr(Gpr index) const { return *registers().gpr[index]; }
  std::uint32_t get(unsigned index, unsigned size) const;
  void set(unsigned index, unsigned size, std::uint32_t value) const;
  std::uint32_t flags() const { return *registers().eflags; }
  bool is_set(std::uint32_t flag) const { return (flags() & flag) != 0; }
  void set_flags(std::uint32_t mask, std::uint32_t value) const { registers().set_flags(mask, value); }

  void raise(const Event& event);
  const std::optional<Event>& fault() const { return fault_; }

  /// A later fault undoes the registers to what they are now.
  void keep_progress() { before_ = RegisterSnapshot::take(registers()); }
  void undo() const { before_.restore(registers()); }

  /// Where execution goes on unless the handler says otherwise.
  std::uint32_t next_eip() const { return registers().eip_after(length_); }
  void jump(std::uint32_t eip) { target_ = eip; }
  /// Sets EIP. Call once, at the end, without a fault.
  void retire() const { *registers().eip = target_.value_or(next_eip()); }

 private:
  std::uint32_t effective_address();
  std::uint32_t effective_address_16();
  std::uint32_t effective_address_32();
  std::uint32_t sib();
  std::uint32_t displacement();
  void use_stack_segment();

  Processor& processor_;
  const CodeReader& code_;
  const Instruction& instruction_;
  unsigned length_;
  RegisterSnapshot before_{};
  ModRm modrm_{};
  std::uint32_t address_ = 0;
  SegmentRegister default_segment_ = kDs;
  std::optional<Event> fault_;
  std::optional<std::uint32_t> target_;
};

}  // namespace vmm::cpu_soft
