// The beginning of an instruction: prefixes and opcode. Intel SDM volume 2, section 2.1.
#pragma once

#include <cstdint>

#include "vmm/cpu_soft/processor.hpp"

namespace vmm::cpu_soft {

/// SDM volume 3, section 6.15, #GP: "exceeding the instruction length limit of 15 bytes".
inline constexpr unsigned kMaxInstructionLength = 15;

enum class RepeatPrefix : std::uint8_t { kNone, kRepne, kRep };

/// Opcodes of one byte are 000-0FF, those after 0F are 100-1FF.
using Opcode = std::uint16_t;
inline constexpr Opcode kTwoByte = 0x100;

struct Instruction {
  static constexpr std::uint8_t kNoOverride = 0xff;

  Opcode opcode = 0;
  std::uint8_t length = 0;  ///< of prefixes and opcode
  std::uint8_t operand_size = 2;
  std::uint8_t address_size = 2;
  std::uint8_t segment_override = kNoOverride;  ///< a SegmentRegister
  RepeatPrefix repeat = RepeatPrefix::kNone;
  std::uint8_t operand_prefixes = 0;  ///< how many 66
  std::uint8_t address_prefixes = 0;  ///< how many 67

  bool has_override() const { return segment_override != kNoOverride; }
  bool is_too_long() const { return length > kMaxInstructionLength; }
};

/// The code bytes at CS:EIP.
class CodeReader {
 public:
  explicit CodeReader(const Processor& processor);

  /// The byte `index` bytes on from EIP.
  std::uint8_t at(unsigned index) const { return direct_ != nullptr ? direct_[index] : slowly(index); }

 private:
  std::uint8_t slowly(unsigned index) const;

  const Processor& processor_;
  const std::uint8_t* direct_;
};

/// Decodes up to the opcode; reads no byte after it. One that has no opcode within the limit comes back too
/// long.
Instruction decode(const Processor& processor, const CodeReader& code);

/// Whether a ModR/M byte follows the opcode.
bool has_modrm(Opcode opcode);

}  // namespace vmm::cpu_soft
