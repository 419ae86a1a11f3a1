// What the correction layer puts right in libx86emu 3.5, one name for each defect, so that a test can show a
// single one and a benchmark can measure what they cost. The rule that each restores stands beside its
// handler.
#pragma once

#include <cstdint>

namespace vmm {

enum class Correction : unsigned {
  kInterruptTiming,    ///< an interrupt comes before the next instruction; STI and MOV SS hold it off
  kHalt,               ///< HLT waits for an interrupt instead of ending the run
  kFaultDelivery,      ///< frames and error codes by mode and gate; double fault; shutdown
  kFaultRestart,       ///< a faulting instruction leaves registers and memory alone
  kInstructionLength,  ///< more than 15 bytes is #GP; uncorrected, prefixes overflow a buffer of the library
  kRepeatPieces,       ///< a REP string instruction can be interrupted
  kStackSegment,       ///< [EBP + disp8] is relative to SS
  kPaging,             ///< setting CR0.PG is seen; control registers keep to the bits that exist
  kModelSpecific,      ///< RDMSR and WRMSR of what is not there is #GP; none of them shows the host
  kTimeStamp,          ///< RDTSC counts instructions
  kIdentification,     ///< CPUID
  kCoprocessor,        ///< no x87 is fitted: its instructions do nothing, or are #NM
  kShifts,             ///< shift and rotate: count of 5 bits, flags
  kDoubleShifts,       ///< SHLD, SHRD: the same
  kConditionalMove,    ///< CMOVL, CMOVGE, CMOVLE, CMOVG with SF = OF = 1
  kDecimal,            ///< DAS; flags of AAM; AAM 0 is #DE, uncorrected it kills the process
  kBitTests,           ///< BT, BTS, BTR, BTC: 16-bit immediates, bit strings in memory
  kExchange,           ///< CMPXCHG, XADD, CMPXCHG8B
  kDivide,             ///< IDIV of the most negative number by -1 is #DE, uncorrected it kills the process
  kStringIo,           ///< INS and OUTS step by their size, OUTS reads DS
  kAddressSize,        ///< LOOP, JCXZ and XLAT go by the address size
  kFlagsImage,         ///< PUSHF, POPF and IRET carry IOPL, NT, AC and ID
  kPopToMemory,        ///< POP [ESP] computes its address after ESP moved
  kRepeatedPrefix,     ///< a second 66 or 67 does not undo the first
  /// Loads from descriptors set their accessed and busy bits. MOV to a segment register and POP SS are with
  /// kInterruptTiming, IRET with kFlagsImage, gates with kFaultDelivery.
  kDescriptorBits,
};

/// A set of corrections. A value.
class Corrections {
 public:
  static constexpr Corrections all() { return Corrections(~std::uint32_t{0}); }
  /// For measuring, with a guest that means well: a hostile one can then kill the process.
  static constexpr Corrections none() { return Corrections(0); }

  constexpr Corrections with(Correction one) const { return Corrections(bits_ | bit(one)); }
  constexpr Corrections without(Correction one) const { return Corrections(bits_ & ~bit(one)); }
  constexpr bool has(Correction one) const { return (bits_ & bit(one)) != 0; }

  friend constexpr bool operator==(Corrections, Corrections) = default;

 private:
  constexpr explicit Corrections(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Correction one) { return 1u << static_cast<unsigned>(one); }

  std::uint32_t bits_;
};

}  // namespace vmm
