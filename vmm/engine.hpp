// What executes the guest: the software CPU, or vCPUs on an accelerator. It owns what differs between them:
// the mapper, the clock, and who takes interrupts.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lowmeg/memory/mapper.hpp"
#include "vmm/board/board.hpp"
#include "vmm/cpu_look.hpp"

namespace vmm {

struct CodeAddress {
  std::uint16_t cs = 0;
  std::uint64_t ip = 0;
  std::uint64_t linear = 0;
};

/// Called on the machine's thread, but for request_stop(). Devices may be called on threads of the engine's
/// while run() or wait() runs, and after a turn of kRan or kIdle; after another turn nobody does until the
/// next.
class Engine {
 public:
  /// Why run() came back.
  struct Turn {
    enum class Kind {
      kRan,        ///< a while has passed
      kRequested,  ///< request_stop()
      kIdle,       ///< a while without a request: the guest may be halted and wait for an interrupt
      kShutdown,   ///< a triple fault: only reset() leads out
      kStopped,    ///< it cannot go on; message says why
    };
    Kind kind = Kind::kRan;
    std::string message = {};
    std::optional<CpuLook> look = {};  ///< of the CPU that the message is about, if it is about one
  };

  virtual ~Engine() = default;

  /// There from the start.
  virtual lowmeg::memory::Mapper& mapper() = 0;
  virtual const Clock& clock() const = 0;
  virtual InterruptPin& intr() = 0;
  /// Who takes the interrupts of the board's devices; null: the board's own PIC.
  virtual InterruptLines* interrupt_lines() { return nullptr; }

  /// Gives it the board whose devices it will call, once, before run(). Borrowed.
  virtual lowmeg::Result<void> attach(Board& board) = 0;

  virtual Turn run() = 0;
  /// After kIdle: waits for the next interrupt, a few milliseconds at most. A message: there will be none.
  virtual std::optional<std::string> wait() = 0;
  /// Makes run() return after the instruction in hand. From a device, while run() runs.
  virtual void request_stop() = 0;
  /// The CPUs, and what chips of the board's it has, as after power-on. Not after a turn of kRan or kIdle.
  virtual lowmeg::Result<void> reset() = 0;
  /// Likewise: INIT on the CPUs' pins, and nothing else.
  virtual lowmeg::Result<void> init() = 0;
  /// Moves the A20M# pin. False: this engine cannot mask addresses, which stay whole. From a port device.
  virtual bool set_a20(Level /*level*/) { return false; }
  /// Whether the CPUs have an FPU, as CPUID tells the guest.
  virtual bool has_fpu() const = 0;
  /// What a person should hear of what the guest is doing, once each; one line. After run().
  virtual std::optional<std::string> news() { return std::nullopt; }
  /// The guest executes nothing any more.
  virtual void stop() {}
  /// While the lock lives no port device is called.
  virtual std::unique_lock<std::mutex> hold_devices() { return {}; }
  /// The same for memory devices. Taken last and for a moment: nothing that commits a map may run under it.
  virtual std::unique_lock<std::mutex> hold_memory_devices() { return {}; }
  /// From a device that a CPU has called, whose access waits for somebody outside: others may have the
  /// devices until it takes them again. Only the configuration ports stay its own.
  virtual void let_go_of_devices() {}
  virtual void take_devices_again() {}

  /// From a device that a CPU has called: the instruction that does it. None: this engine cannot tell.
  virtual std::optional<CodeAddress> instruction_in_hand() const { return std::nullopt; }

  /// What the guest has done since power-on that left its CPUs, by kind; or what is there to count.
  virtual std::vector<std::pair<std::string, std::uint64_t>> counts() { return {}; }

  /// Where the guest is, for a person: CS:EIP of the CPU that fell, or of the first.
  virtual std::string where() = 0;
  /// What every CPU is doing; looks twice where one look does not tell. None if the accelerator does not
  /// answer.
  virtual std::vector<CpuLook> look() = 0;
  /// Linear to physical, by the page tables of the CPU; none where they have nothing.
  virtual std::optional<lowmeg::Gpa> translate(unsigned cpu, std::uint64_t linear) = 0;
};

}  // namespace vmm
