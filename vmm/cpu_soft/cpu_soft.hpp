// A CPU in software: a 32-bit x86 of the P6 family without paging, x87, SSE, APIC and privilege levels.
//
// libx86emu 3.5 executes; a layer over it puts right what it gets wrong (corrections.hpp names each defect)
// and does what it cannot: interrupts and faults, HLT, paging's absence. After Intel SDM volumes 2 and 3. Fit
// for a firmware's POST and for real-mode and flat protected-mode code.
//
// Left out: paging (and with it the accessed and dirty bits of page tables), x87/MMX/SSE, rings and every
// check that depends on them, the checks of an access against its segment's type (writes to code),
// virtual-8086 mode, task and call gates, task switches, single-step and hardware breakpoints, NMI, SMM,
// BOUND, ARPL, LAR, LSL, a true VERR and VERW, #UD for a misplaced LOCK. Limit violations that the library
// finds are #GP with the segment's selector, also those of the stack; a fault within a REP MOVS, STOS, CMPS,
// SCAS or LODS goes back to the start of the piece.
//
// No threads and no locks: all calls come from one thread, and the buses are called on it. Runs repeat
// exactly.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "lowmeg/memory/soft_mapper.hpp"
#include "vmm/board/io_bus.hpp"
#include "vmm/board/mmio_bus.hpp"
#include "vmm/cpu_soft/corrections.hpp"
#include "vmm/cpu_soft/cpu_state.hpp"
#include "vmm/cpu_soft/repeated_exception.hpp"

namespace vmm {

class Carrier;

/// Who drives the vector when the CPU acknowledges an interrupt: the 8259.
class InterruptAcknowledge {
 public:
  virtual ~InterruptAcknowledge() = default;
  /// Called once for each interrupt taken; may change the interrupt line.
  virtual std::uint8_t acknowledge() = 0;
};

/// What the CPU is soldered to. All of it must outlive the CPU.
struct CpuWiring {
  const lowmeg::memory::SoftMapper& memory;
  IoBus& io;
  MmioBus& mmio;
  InterruptAcknowledge& interrupts;
};

class CpuSoft {
 public:
  /// Why run() came back.
  enum class Stop {
    kBudget,     ///< as many instructions as were asked for
    kHalted,     ///< HLT, and no interrupt that may be taken; run() again after the line rose
    kRequested,  ///< request_stop()
    kPaging,     ///< the guest sets CR0.PG, which is not modelled; EIP is at the instruction
    kShutdown,   ///< a fault while delivering a double fault; only reset() leads out
  };
  enum class Level { kLow, kHigh };

  /// Whether CPUID tells of an x87.
  static constexpr bool kHasFpu = false;

  /// As after power-on.
  static std::unique_ptr<CpuSoft> create(CpuWiring wiring, Corrections corrections = Corrections::all());
  ~CpuSoft();
  CpuSoft(const CpuSoft&) = delete;
  CpuSoft& operator=(const CpuSoft&) = delete;

  /// The RESET pin: SDM volume 3, table 9-1. The instruction count and the interrupt line stay.
  void reset();
  /// The INIT pin: the same table's other column. CR0's CD and NW, IA32_APIC_BASE and the time-stamp counter
  /// stay, too.
  void init();

  /// Up to this many instructions. An interrupt taken, and each piece of a REP instruction, counts as one.
  Stop run(std::uint64_t instructions);

  /// Makes run() return kRequested after the instruction in hand; from outside, at once when next called.
  void request_stop();

  /// The INTR pin.
  void set_interrupt_line(Level level);

  /// The A20M# pin: kLow masks bit 20 of addresses. Takes effect with the next access; a reset leaves it.
  void set_a20(Level level);

  /// An exception that repeats at one instruction, for ever as far as can be seen (repeated_exception.hpp).
  std::optional<RepeatedException> repeated_exception() const;

  /// Executed since power-on.
  std::uint64_t instructions() const;

  CpuState state() const;
  /// From a device that the CPU calls: EIP of the instruction that does it, where state() may be past it.
  std::uint32_t instruction_eip() const;
  /// Takes effect with the next run(). Any state is survived, whether or not an instruction could lead to it.
  void set_state(const CpuState& state);
  /// state() out, or in as set_state(). The pins are the board's to drive.
  void carry(Carrier& carrier);

 private:
  class Impl;
  explicit CpuSoft(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vmm
