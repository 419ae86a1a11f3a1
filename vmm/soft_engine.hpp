// The guest on the software CPU: everything on one thread, and with Timing::kDeterministic repeatable.
#pragma once

#include <memory>

#include "lowmeg/memory/soft_mapper.hpp"
#include "vmm/chipset/memory_chips.hpp"
#include "vmm/cpu_soft/bus.hpp"
#include "vmm/debugger.hpp"
#include "vmm/engine.hpp"
#include "vmm/machine_clock.hpp"

namespace vmm {

class SoftEngine final : public Engine, private InterruptPin, InterruptAcknowledge {
 public:
  /// Borrows the memory.
  static lowmeg::Result<std::unique_ptr<SoftEngine>> create(MemoryChips& memory, Timing timing);

  lowmeg::memory::SoftMapper& mapper() override { return *mapper_; }
  const lowmeg::memory::SoftMapper& mapper() const { return *mapper_; }
  const Clock& clock() const override { return clock_; }
  InterruptPin& intr() override { return *this; }
  lowmeg::Result<void> attach(Board& board) override;
  Turn run() override;
  std::optional<std::string> wait() override;
  void request_stop() override { cpu_->request_stop(); }
  lowmeg::Result<void> reset() override {
    cpu_->reset();
    return {};
  }
  lowmeg::Result<void> init() override {
    cpu_->init();
    return {};
  }
  bool set_a20(Level level) override {
    a20_.closed = level == Level::kLow;
    cpu_->set_a20(level == Level::kHigh ? CpuSoft::Level::kHigh : CpuSoft::Level::kLow);
    return true;
  }
  bool has_fpu() const override { return CpuSoft::kHasFpu; }
  std::optional<std::string> news() override;
  std::optional<CodeAddress> instruction_in_hand() const override;
  std::vector<std::pair<std::string, std::uint64_t>> counts() override;
  std::string where() override;
  std::vector<CpuLook> look() override;
  std::optional<lowmeg::Gpa> translate(unsigned /*cpu*/, std::uint64_t linear) override { return linear; }

  CpuState cpu_state() const { return cpu_->state(); }
  /// CPU and clock, out or in. Between two turns.
  void carry(Carrier& carrier);
  /// A byte as a read of the CPU's finds it, and as a write leaves it; between turns. None and false: it is a
  /// device's, which is not asked.
  std::optional<std::uint8_t> peek(std::uint32_t linear) const;
  bool poke(std::uint32_t linear, std::uint8_t value);
  /// What the CPU's accesses reach, devices included; between turns.
  cpu_soft::Bus bus() { return {*mapper_, board_->io(), board_->mmio(), a20_}; }
  /// Time passes and no CPU runs; between turns, and with Timing::kDeterministic. `until_ns` is not past.
  void pass_time(std::uint64_t until_ns);
  /// Of the timers.
  std::optional<std::uint64_t> next_event_ns() const;
  /// From now on the CPU runs when the debugger lets it. Borrowed; null: nobody.
  void debug(Debugger* debugger) { debugger_ = debugger; }

 private:
  SoftEngine(std::unique_ptr<lowmeg::memory::SoftMapper> mapper, Timing timing);
  std::uint64_t slice() const;

  void set(Level level) override;
  std::uint8_t acknowledge() override { return board_->pic().acknowledge(); }

  const Timing timing_;
  std::unique_ptr<lowmeg::memory::SoftMapper> mapper_;
  InstructionClock instruction_clock_;
  WallClock wall_clock_;
  MachineClock& clock_;
  Board* board_ = nullptr;
  Debugger* debugger_ = nullptr;
  cpu_soft::A20Mask a20_;
  std::unique_ptr<CpuSoft> cpu_;
  std::optional<RepeatedException> told_;  // the one that news() was about
};

}  // namespace vmm
