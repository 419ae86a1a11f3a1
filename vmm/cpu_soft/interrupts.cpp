#include "vmm/cpu_soft/interrupts.hpp"

#include <array>

#include "vmm/cpu_soft/descriptor_table.hpp"

namespace vmm::cpu_soft {
namespace {

// A handler's address, and what of the frame and the flags depends on the gate.
struct Gate {
  Descriptor code;  // of real mode: without a place in memory
  std::uint32_t eip = 0;
  unsigned word = 0;  // bytes that each item of the frame takes
  std::uint32_t flags_cleared = 0;
};

using Refusal = std::optional<Event>;

// SDM volume 3, section 6.13: index, bit 1 for the IDT, bit 0 for an event from outside the program.
Event refuse(Vector which, std::uint32_t index, const Event& event) {
  const std::uint32_t external = event.cause == Cause::kInstruction ? 0 : 1;
  return Event::exception(which, static_cast<std::uint16_t>(index | external));
}

Refusal find_real_gate(const Processor& processor, const Event& event, Gate& gate) {
  const Registers& registers = processor.registers;
  const std::uint32_t offset = event.vector * 4u;
  if (offset + 3 > *registers.idt.limit)
    return refuse(Vector::kGeneralProtection, event.vector * 8u + 2, event);
  const std::uint32_t entry = processor.bus.read(*registers.idt.base + offset, 4);
  Segment& code = gate.code.segment;
  code = registers.segment[kCs].load();
  code.selector = static_cast<std::uint16_t>(entry >> 16);
  code.base = std::uint32_t{code.selector} << 4;
  gate.eip = entry & 0xffff;
  gate.word = 2;
  gate.flags_cleared = eflags::kIf | eflags::kTf | eflags::kAc;
  return {};
}

Refusal find_code_segment(const Processor& processor, std::uint16_t selector, const Event& event,
                          Descriptor& code) {
  const std::uint32_t index = selector & 0xfffcu;
  const auto found = find_descriptor(processor, selector & 0xfffc);  // RPL is CPL's business
  if (!found || !found->is_code()) return refuse(Vector::kGeneralProtection, index, event);
  if (!found->is_present()) return refuse(Vector::kSegmentNotPresent, index, event);
  code = *found;
  return {};
}

// SDM volume 3, figure 6-2: the gates' layout and types.
Refusal find_protected_gate(const Processor& processor, const Event& event, Gate& gate) {
  const Registers& registers = processor.registers;
  const std::uint32_t offset = event.vector * 8u;
  const std::uint32_t own_index = offset + 2;
  if (offset + 7 > *registers.idt.limit) return refuse(Vector::kGeneralProtection, own_index, event);
  const std::uint32_t low = processor.bus.read(*registers.idt.base + offset, 4);
  const std::uint32_t high = processor.bus.read(*registers.idt.base + offset + 4, 4);

  const std::uint32_t type = (high >> 8) & 0x1f;
  const bool is_wide = (type & 8) != 0;
  const bool is_trap = (type & 1) != 0;
  if ((type & 0x16) != 6) return refuse(Vector::kGeneralProtection, own_index, event);
  if ((high & 0x8000) == 0) return refuse(Vector::kSegmentNotPresent, own_index, event);

  gate.eip = is_wide ? (high & 0xffff0000u) | (low & 0xffff) : low & 0xffff;
  gate.word = is_wide ? 4 : 2;
  gate.flags_cleared = eflags::kTf | eflags::kNt | eflags::kRf | eflags::kVm | (is_trap ? 0 : eflags::kIf);
  return find_code_segment(processor, static_cast<std::uint16_t>(low >> 16), event, gate.code);
}

// "For any fault-class exception ... the value pushed for RF is 1" (SDM volume 3, 17.3.1.1). All are but the
// double fault, an abort, of which it says nothing.
std::uint32_t flags_image(const Registers& registers, const Event& event) {
  const std::uint32_t flags = (*registers.eflags & eflags::kImage) | eflags::kFixed;
  const bool is_fault =
      event.cause == Cause::kException && event.vector != static_cast<std::uint8_t>(Vector::kDoubleFault);
  return is_fault ? flags | eflags::kRf : flags;
}

// SDM volume 3, section 6.12.1: EFLAGS, CS, EIP and the error code, all or nothing.
Refusal push_frame(const Processor& processor, const Event& event, unsigned word) {
  const Registers& registers = processor.registers;
  const SegmentView& stack = registers.segment[kSs];
  const bool has_code = registers.is_protected() && event.error_code.has_value();
  const std::array<std::uint32_t, 4> frame{event.error_code.value_or(0), *registers.eip,
                                           *registers.segment[kCs].selector, flags_image(registers, event)};
  const unsigned first = has_code ? 0 : 1;
  const auto size = static_cast<std::uint32_t>((frame.size() - first) * word);

  const std::uint32_t pointer_mask = stack.is_big() ? 0xffffffffu : 0xffffu;
  std::uint32_t& esp = *registers.gpr[kEsp];
  const std::uint32_t top = (esp - size) & pointer_mask;
  if (!contains(stack, top, size)) return refuse(Vector::kStackFault, 0, event);

  std::uint32_t gpa = *stack.base + top;
  for (unsigned i = first; i < frame.size(); ++i, gpa += word)
    processor.bus.write(gpa, word, frame[i] & mask_of(word));
  esp = (esp & ~pointer_mask) | top;
  return {};
}

Refusal try_to_deliver(const Processor& processor, const Event& event) {
  const Registers& registers = processor.registers;
  Gate gate;
  const auto find_gate = registers.is_protected() ? find_protected_gate : find_real_gate;
  if (Refusal refusal = find_gate(processor, event, gate)) return refusal;
  if (Refusal refusal = push_frame(processor, event, gate.word)) return refusal;
  if (registers.is_protected()) set_in_memory(processor, gate.code, kAccessed);
  registers.segment[kCs].store(gate.code.segment);
  *registers.eip = gate.eip;
  registers.set_flags(gate.flags_cleared, 0);
  return {};
}

// SDM volume 3, table 6-5: the exceptions that make a double fault of a second one.
bool is_contributory(const Event& event) {
  return event.cause == Cause::kException &&
         (event.vector == 0 || (event.vector >= 10 && event.vector <= 13));
}

}  // namespace

void deliver(Processor& processor, Event event) {
  processor.activity = Activity::kRunning;
  while (const Refusal refusal = try_to_deliver(processor, event)) {
    if (event.cause == Cause::kException && event.vector == static_cast<std::uint8_t>(Vector::kDoubleFault)) {
      processor.activity = Activity::kShutdown;
      return;
    }
    if (event.cause == Cause::kInstruction) *processor.registers.eip = event.instruction;
    const bool is_double = is_contributory(event) && is_contributory(*refusal);
    event = is_double ? Event::exception(Vector::kDoubleFault, 0) : *refusal;
  }
}

}  // namespace vmm::cpu_soft
