// libx86emu behind a plain C++ face. Only x86emu_core.cpp includes x86emu.h: it defines macros named u8,
// R_AX, F_CF ...
//
// The library calls back before every instruction, for every access and for every event it raises; the
// callbacks go to the Engine. It is never asked to log (x86emu_log overflows its buffer).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/cpu_soft/bus.hpp"
#include "vmm/cpu_soft/corrections.hpp"
#include "vmm/cpu_soft/registers.hpp"

namespace vmm::cpu_soft {

class Engine;
struct Library;

class X86emuCore {
 public:
  enum class Return : std::uint8_t {
    kLeft,     ///< the Engine said so, or it has taken an event and can go on
    kStopped,  ///< of its own accord: HLT
  };

  /// The engine must outlive the core; it is called back only from run().
  X86emuCore(Engine& engine, const Bus& bus, Corrections corrections);
  ~X86emuCore();
  X86emuCore(const X86emuCore&) = delete;
  X86emuCore& operator=(const X86emuCore&) = delete;

  /// Stay where they are for the core's life.
  Registers registers();

  Return run();
  /// EIP of the instruction that it executes, or executed last.
  std::uint32_t began_at() const;

  // The rest is for the Engine while it is asked about the next instruction.

  /// The next instruction is at CS:EIP as they are now.
  void begin_instruction();
  /// Its data segment is SS unless a prefix says otherwise.
  void use_stack_segment();
  /// Makes up for an even number of prefixes 66 (67), which the library takes for none.
  void toggle_operand_size();
  void toggle_address_size();
  /// The library's own way of an interrupt: taken after the next instruction.
  void raise(std::uint8_t vector);

 private:
  std::unique_ptr<Library> library_;
};

}  // namespace vmm::cpu_soft
