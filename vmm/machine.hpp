// The reference machine: VM, paravisor, board and software CPU, and the loop that runs them.
//
// Left out: hardware acceleration, more than one CPU, split mode.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "vmm/board/board.hpp"
#include "vmm/console_watch.hpp"
#include "vmm/cpu_soft/cpu_soft.hpp"
#include "vmm/first_megabyte.hpp"
#include "vmm/machine_clock.hpp"
#include "vmm/paravisor.hpp"
#include "vmm/vm.hpp"

namespace vmm {

struct MachineConfig {
  VmConfig vm;
  lowmeg::bridge::Identity identity = lowmeg::bridge::kI440fx;
  std::optional<Image> floppy;
  ConsoleSource console = ConsoleSource::kBiosPorts;
  std::string until = "No bootable device";  ///< empty: never
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);
  Timing timing = Timing::kWall;
  lowmeg::get::ClientOptions get;
  /// Makes the connection to the VM's host; empty: within the process.
  std::function<std::unique_ptr<lowmeg::get::Transport>(lowmeg::get::Host&)> connect;
  /// Whether bridge, adjuster and GET client are torn down and built anew from saved state after this config
  /// access (the n-th, from 1), while VM and host stay. Empty: never.
  std::function<bool(std::uint64_t n, ConfigAccess access)> restart_after;
};

/// Whom the machine tells; all called on the thread that runs it.
struct MachineListeners {
  lowmeg::EventSink& events;
  ConsoleWatch::Output console;
  /// An entry, and the machine's time of it in nanoseconds since power-on.
  std::function<void(const TimelineEntry&, std::uint64_t)> timeline;
};

struct Outcome {
  enum class Kind {
    kUntil,     ///< the console showed the text
    kPowerOff,  ///< the guest turned the machine off
    kTimeout,
    kStopped,  ///< the machine cannot go on; message says why
  };
  Kind kind;
  int exit_status;  ///< as the command's contract has it
  std::string message;
};

/// 00:00.0 for the configuration ports: whoever is the bridge just now.
class BridgeSocket final : public lowmeg::bridge::ConfigFunction {
 public:
  void plug(lowmeg::bridge::HostBridge* bridge) { bridge_ = bridge; }
  std::uint32_t read(std::uint8_t offset) override { return bridge_->read(offset); }
  lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables) override {
    return bridge_->write(offset, value, enables);
  }

 private:
  lowmeg::bridge::HostBridge* bridge_ = nullptr;
};

/// One thread builds, runs and asks.
class Machine final : private PowerControl,
                      FaultSink,
                      ConsoleSink,
                      InterruptPin,
                      InterruptAcknowledge,
                      ConfigAccessObserver {
 public:
  /// Builds everything and powers it on: the host holds the ranges of power-on. Nothing has run yet.
  static lowmeg::Result<std::unique_ptr<Machine>> create(const MachineConfig& config,
                                                         MachineListeners listeners);

  /// Runs until there is an outcome.
  Outcome run();

  std::vector<MegabyteRow> first_megabyte() const;
  const Paravisor& paravisor() const { return *paravisor_; }
  Vm& vm() { return *vm_; }
  CpuState cpu_state() const { return cpu_->state(); }
  const Board& board() const { return *board_; }
  /// How often bridge, adjuster and client were built anew.
  std::uint64_t restarts() const { return restarts_; }

 private:
  Machine(const MachineConfig& config, MachineListeners listeners);
  lowmeg::Result<void> build();
  lowmeg::Result<std::unique_ptr<Paravisor>> connect_paravisor();
  lowmeg::Result<void> restart_paravisor();
  std::uint64_t slice() const;
  std::optional<Outcome> after_run(CpuSoft::Stop stop);
  std::optional<Outcome> after_request();
  std::optional<Outcome> after_halt();
  std::optional<Outcome> reset_all();
  Outcome stopped(std::string message) const;
  std::string where() const;

  // PowerControl, FaultSink, ConsoleSink, InterruptPin, InterruptAcknowledge.
  void power_off(int exit_status) override;
  void reset() override;
  void fault(const lowmeg::Error& error) override;
  void put(char c) override;
  void set(Level level) override;
  std::uint8_t acknowledge() override;
  void accessed(ConfigAccess access) override;

  // Static configuration.
  const MachineConfig config_;

  // Glue to the outside.
  MachineListeners listeners_;

  // Sub-devices.
  InstructionClock instruction_clock_;
  WallClock wall_clock_;
  MachineClock& clock_;
  ConsoleWatch watch_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Paravisor> paravisor_;
  BridgeSocket bridge_socket_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<CpuSoft> cpu_;

  // Volatile state: what the guest has asked for.
  std::optional<int> power_off_status_;
  std::optional<lowmeg::Error> fault_;
  bool reset_wanted_ = false;
  std::uint64_t config_accesses_ = 0;
  std::uint64_t restarts_ = 0;
  lowmeg::EventLimit triple_faults_{4};
};

}  // namespace vmm
