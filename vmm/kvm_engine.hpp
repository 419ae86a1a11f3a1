// The guest on KVM: vCPUs with a thread each, interrupt controllers and timer in the kernel, the wall clock.
//
// The board's own PIC and PIT are never asked: the kernel answers at their ports. Left out: deterministic
// runs.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "vmm/chipset/memory_chips.hpp"
#include "vmm/cpu_kvm/board_exits.hpp"
#include "vmm/cpu_kvm/kvm_cpus.hpp"
#include "vmm/cpu_kvm/progress_watch.hpp"
#include "vmm/engine.hpp"
#include "vmm/machine_clock.hpp"

namespace vmm {

/// What the engine's mapper is given from outside; borrowed.
struct KvmMapParts {
  lowmeg::kvm::MapWay way = lowmeg::kvm::MapWay::kProtect;
  lowmeg::kvm::Syscalls& syscalls = lowmeg::kvm::Syscalls::system();
  lowmeg::kvm::MapObserver* observer = nullptr;
  /// Puts something between the mapper and the CPUs that it pauses; empty: nothing.
  std::function<lowmeg::kvm::PauseVcpus&(lowmeg::kvm::PauseVcpus&)> pauses = {};
};

class KvmEngine final : public Engine, private VcpuExits, InterruptPin, InterruptLines {
 public:
  /// RAM ends below the first of the addresses that KVM needs for its own: the IOAPIC's.
  static constexpr std::uint64_t kMostMemory = 0xfec00000;

  /// Creates the VM and its CPUs; memory is borrowed. The error's line says what KVM lacks and how to mend
  /// it.
  static lowmeg::Result<std::unique_ptr<KvmEngine>> create(MemoryChips& memory, unsigned cpus,
                                                           const KvmMapParts& parts);
  ~KvmEngine() override;

  lowmeg::memory::Mapper& mapper() override { return *mapper_; }
  /// The same, with what only KVM's has.
  const lowmeg::kvm::KvmMapper& kvm_mapper() const { return *mapper_; }
  const Clock& clock() const override { return clock_; }
  InterruptPin& intr() override { return *this; }
  InterruptLines* interrupt_lines() override { return this; }
  lowmeg::Result<void> attach(Board& board) override;
  Turn run() override;
  std::optional<std::string> wait() override { return halted_for_ever_; }
  void request_stop() override { cpus_->request_stop(); }
  lowmeg::Result<void> reset() override;
  lowmeg::Result<void> init() override;
  void stop() override { cpus_->stop(); }
  std::unique_lock<std::mutex> hold_devices() override { return exits_->lock_ports(); }
  void let_go_of_devices() override {
    ++waiting_;
    exits_->let_go_of_ports();
  }
  void take_devices_again() override {
    exits_->take_ports_again();
    --waiting_;
  }
  bool has_fpu() const override { return has_fpu_; }
  std::unique_lock<std::mutex> hold_memory_devices() override { return exits_->lock_memory(); }
  std::vector<std::pair<std::string, std::uint64_t>> counts() override;
  std::string where() override;
  std::vector<CpuLook> look() override;
  std::optional<lowmeg::Gpa> translate(unsigned cpu, std::uint64_t linear) override {
    return cpus_->translate(cpu, linear);
  }

 private:
  // What the CPUs are doing, as the machine's thread has told them.
  enum class Phase { kNew, kRunning, kParked };

  explicit KvmEngine(std::unique_ptr<KvmVm> vm) : vm_(std::move(vm)) {}
  lowmeg::Result<void> build(MemoryChips& memory, unsigned cpus, const KvmMapParts& parts);
  lowmeg::Result<void> let_run();
  Turn park(Turn turn);
  std::optional<Turn> watch();
  std::optional<Turn> watch_step();
  void judge(const std::vector<VcpuLook>& looks);
  bool is_stuck(unsigned cpu, const VcpuLook& look);
  bool ended(unsigned cpu, const VcpuLook& before);
  Turn failed();
  void forget_looks();

  // VcpuExits: to the board once there is one; before that no CPU runs.
  std::uint32_t io_in(std::uint16_t port, unsigned size) override {
    count(Exit::kPortRead);
    was_busy_.store(true, std::memory_order_relaxed);
    return exits_->io_in(port, size);
  }
  void io_out(std::uint16_t port, unsigned size, std::uint32_t value) override {
    count(Exit::kPortWrite);
    was_busy_.store(true, std::memory_order_relaxed);
    exits_->io_out(port, size, value);
  }
  void mmio_read(lowmeg::Gpa gpa, std::span<std::uint8_t> data) override {
    count(Exit::kMemoryRead);
    exits_->mmio_read(gpa, data);
  }
  void mmio_write(lowmeg::Gpa gpa, std::span<const std::uint8_t> data) override {
    count(Exit::kMemoryWrite);
    exits_->mmio_write(gpa, data);
  }
  // The board's PIC, which nobody programs.
  void set(Level /*level*/) override {}
  // A VM with chips in the kernel takes lines 0 to 15 always (api.rst, 4.25).
  void raise(unsigned irq) override { (void)vm_->set_irq_line(irq, KvmVm::Line::kHigh); }
  void lower(unsigned irq) override { (void)vm_->set_irq_line(irq, KvmVm::Line::kLow); }

  enum class Exit { kPortRead, kPortWrite, kMemoryRead, kMemoryWrite };
  void count(Exit exit) {
    exit_counts_[static_cast<std::size_t>(exit)].fetch_add(1, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, 4> exit_counts_{};
  WallClock clock_;
  std::unique_ptr<KvmVm> vm_;
  const MemoryChips* memory_ = nullptr;
  std::unique_ptr<KvmCpus> cpus_;
  std::unique_ptr<lowmeg::kvm::KvmMapper> mapper_;
  std::optional<BoardExits> exits_;
  bool has_fpu_ = false;
  Phase phase_ = Phase::kNew;
  std::atomic<unsigned> waiting_{0};   // CPUs whose access waits for somebody outside
  std::atomic<bool> was_busy_{false};  // there were port accesses since the last turn
  unsigned quiet_turns_ = 0;

  // How the CPUs get on.
  struct Step {
    unsigned cpu;
    VcpuLook before;
    std::chrono::steady_clock::time_point deadline;
  };
  std::chrono::steady_clock::time_point next_look_{};
  ProgressWatch progress_;
  std::optional<Step> step_;  // in hand
  std::optional<std::string> halted_for_ever_;
};

}  // namespace vmm
