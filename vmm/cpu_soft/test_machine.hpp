// For the tests of this folder: a CPU with 1 MiB of RAM and nothing else, code assembled by hand, and
// handlers that halt at an address that tells which vector came.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm::cpu_soft::testing {

using Bytes = std::vector<std::uint8_t>;

/// Memory as the tests use it.
inline constexpr std::uint32_t kCode = 0x7c00;
inline constexpr std::uint32_t kStackTop = 0x7000;
inline constexpr std::uint32_t kHandlers = 0x5000;  ///< a HLT for each vector
inline constexpr std::uint32_t kGdt = 0x1000;
inline constexpr std::uint32_t kIdt = 0x2000;
inline constexpr std::uint32_t kData = 0x8000;
inline constexpr std::uint32_t kOtherBase = 0x10000;  ///< of the segment that a test may put into SS

/// Selectors in the GDT.
inline constexpr std::uint16_t kCode32 = 0x08, kData32 = 0x10, kOther32 = 0x18, kCode16 = 0x20;

/// Reads the ports' number, notes what is written.
class RecordingPorts final : public PortDevice {
 public:
  std::uint32_t read(std::uint16_t port, unsigned size) override { return port * 0x01010101u & mask(size); }
  void write(std::uint16_t /*port*/, unsigned /*size*/, std::uint32_t value) override {
    written.push_back(value);
  }
  std::vector<std::uint32_t> written;

 private:
  static std::uint32_t mask(unsigned size) { return 0xffffffffu >> (32 - 8 * size); }
};

/// An 8259 with one vector, whose line falls when it is acknowledged.
class OneInterrupt final : public InterruptAcknowledge {
 public:
  std::uint8_t acknowledge() override {
    ++acknowledged;
    if (cpu != nullptr) cpu->set_interrupt_line(CpuSoft::Level::kLow);
    return vector;
  }
  CpuSoft* cpu = nullptr;
  std::uint8_t vector = 0x20;
  unsigned acknowledged = 0;
};

class TestMachine {
 public:
  enum class Mode { kReal, kProtected };

  explicit TestMachine(Mode mode, Corrections corrections = Corrections::all());

  void load(std::uint32_t gpa, std::span<const std::uint8_t> bytes);
  void load(std::uint32_t gpa, std::initializer_list<std::uint8_t> bytes);
  std::uint32_t peek(std::uint32_t gpa, unsigned size = 4) const;
  void poke(std::uint32_t gpa, std::uint32_t value, unsigned size = 4);

  CpuState state() const { return cpu->state(); }
  std::uint32_t gpr(Gpr which) const { return cpu->state().gpr[which]; }
  template <typename Change>
  void change(Change change) {
    CpuState state = cpu->state();
    change(state);
    cpu->set_state(state);
  }
  /// The vector whose handler it halted in, or -1.
  int halted_in() const;

  std::unique_ptr<lowmeg::memory::Backing> ram;
  std::unique_ptr<lowmeg::memory::Backing> rom;
  std::unique_ptr<lowmeg::memory::SoftMapper> memory;
  IoBus io;
  MmioBus mmio;
  RecordingPorts ports;
  OneInterrupt interrupts;
  std::unique_ptr<CpuSoft> cpu;

 private:
  void fill_tables();
};

/// The state at the start of a test: code at kCode, a stack, data segments at 0.
CpuState real_mode_state();
CpuState protected_mode_state();

}  // namespace vmm::cpu_soft::testing
