// The machine's two kinds of time.
#pragma once

#include <chrono>

#include "vmm/board/port_device.hpp"
#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm {

enum class Timing {
  kWall,           ///< the host's clock
  kDeterministic,  ///< a function of the instructions executed: a run repeats exactly
};

/// Time that the machine can wait for while the guest is halted.
class MachineClock : public Clock {
 public:
  /// Until now_ns() is at least `when_ns`, but not past the end of one wait of `at_most`.
  virtual void wait_until(std::uint64_t when_ns, std::chrono::nanoseconds at_most) = 0;
  /// now_ns() is this, and goes on from it.
  virtual void go_on_from(std::uint64_t now_ns) = 0;
};

class WallClock final : public MachineClock {
 public:
  std::uint64_t now_ns() const override;
  void wait_until(std::uint64_t when_ns, std::chrono::nanoseconds at_most) override;
  void go_on_from(std::uint64_t now_ns) override;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// 100 ns an instruction, and the time that a halted guest skips.
class InstructionClock final : public MachineClock {
 public:
  static constexpr std::uint64_t kNsPerInstruction = 100;

  /// The CPU exists later than the clock that its devices read.
  void count(const CpuSoft& cpu) { cpu_ = &cpu; }
  std::uint64_t now_ns() const override {
    return skipped_ns_ + (cpu_ ? cpu_->instructions() : 0) * kNsPerInstruction;
  }
  void wait_until(std::uint64_t when_ns, std::chrono::nanoseconds at_most) override;
  /// Once the CPU has the instruction count that goes with it.
  void go_on_from(std::uint64_t now_ns) override;

 private:
  const CpuSoft* cpu_ = nullptr;
  std::uint64_t skipped_ns_ = 0;
};

}  // namespace vmm
