#include "vmm/cpu_soft/instruction.hpp"

#include <array>

namespace vmm::cpu_soft {
namespace {

// SDM volume 2, section 2.1.1.
enum class Prefix : std::uint8_t { kNone, kOperandSize, kAddressSize, kLock, kRepne, kRep, kSegment };

constexpr std::array<Prefix, 256> prefixes() {
  std::array<Prefix, 256> table{};
  for (unsigned segment : {0x26u, 0x2eu, 0x36u, 0x3eu, 0x64u, 0x65u}) table[segment] = Prefix::kSegment;
  table[0x66] = Prefix::kOperandSize;
  table[0x67] = Prefix::kAddressSize;
  table[0xf0] = Prefix::kLock;
  table[0xf2] = Prefix::kRepne;
  table[0xf3] = Prefix::kRep;
  return table;
}
constexpr std::array<Prefix, 256> kPrefixes = prefixes();

constexpr std::uint8_t segment_of(std::uint8_t prefix) {
  if (prefix >= 0x64) return prefix == 0x64 ? kFs : kGs;
  return static_cast<std::uint8_t>((prefix >> 3) & 3);  // 26, 2E, 36, 3E
}

// A prefix that is there twice counts once.
void apply(Prefix prefix, std::uint8_t byte, std::uint8_t other_size, Instruction& instruction) {
  switch (prefix) {
    case Prefix::kOperandSize:
      instruction.operand_size = other_size;
      ++instruction.operand_prefixes;
      break;
    case Prefix::kAddressSize:
      instruction.address_size = other_size;
      ++instruction.address_prefixes;
      break;
    case Prefix::kRepne:
      instruction.repeat = RepeatPrefix::kRepne;
      break;
    case Prefix::kRep:
      instruction.repeat = RepeatPrefix::kRep;
      break;
    case Prefix::kSegment:
      instruction.segment_override = segment_of(byte);
      break;
    case Prefix::kLock:
    case Prefix::kNone:
      break;
  }
}

struct OpcodeRange {
  Opcode first, last;
};

// SDM volume 2, appendix A.2: the opcodes with a ModR/M byte, as far as the library executes them.
constexpr OpcodeRange kWithModrm[] = {
    {0x62, 0x63},   {0x69, 0x69},   {0x6b, 0x6b},   {0x80, 0x8f},   {0xc0, 0xc1},   {0xc4, 0xc7},
    {0xd0, 0xd3},   {0xd8, 0xdf},   {0xf6, 0xf7},   {0xfe, 0xff},   {0x100, 0x103}, {0x110, 0x123},
    {0x128, 0x12f}, {0x140, 0x14f}, {0x154, 0x157}, {0x190, 0x19f}, {0x1a3, 0x1a5}, {0x1ab, 0x1ad},
    {0x1af, 0x1b7}, {0x1ba, 0x1c1}, {0x1c7, 0x1c7},
};

constexpr std::array<bool, 512> modrm_table() {
  std::array<bool, 512> table{};
  for (unsigned opcode = 0; opcode < 0x40; ++opcode) table[opcode] = (opcode & 7) < 4;  // ADD ... CMP
  for (const OpcodeRange& range : kWithModrm) {
    for (unsigned opcode = range.first; opcode <= range.last; ++opcode) table[opcode] = true;
  }
  return table;
}
constexpr std::array<bool, 512> kHasModrm = modrm_table();

}  // namespace

CodeReader::CodeReader(const Processor& processor) : processor_(processor) {
  const Registers& registers = processor.registers;
  const std::uint32_t eip = *registers.eip;
  const bool wraps = !registers.is_code32() && (eip & 0xffff) + kMaxInstructionLength > 0xffff;
  direct_ =
      wraps ? nullptr : processor.bus.code(*registers.segment[kCs].base + eip, kMaxInstructionLength + 1);
}

std::uint8_t CodeReader::slowly(unsigned index) const {
  const Registers& registers = processor_.registers;
  return static_cast<std::uint8_t>(
      processor_.bus.fetch(*registers.segment[kCs].base + registers.eip_after(index), 1));
}

Instruction decode(const Processor& processor, const CodeReader& code) {
  const std::uint8_t size = processor.registers.is_code32() ? 4 : 2;
  const auto other_size = static_cast<std::uint8_t>(6 - size);
  Instruction instruction{.operand_size = size, .address_size = size};

  std::uint8_t byte = code.at(0);
  while (kPrefixes[byte] != Prefix::kNone) {
    apply(kPrefixes[byte], byte, other_size, instruction);
    if (++instruction.length == kMaxInstructionLength) break;
    byte = code.at(instruction.length);
  }
  ++instruction.length;
  instruction.opcode = byte;
  if (byte == 0x0f && !instruction.is_too_long()) {
    instruction.opcode = kTwoByte | code.at(instruction.length);
    ++instruction.length;
  }
  return instruction;
}

bool has_modrm(Opcode opcode) {
  return kHasModrm[opcode];
}

}  // namespace vmm::cpu_soft
