// What a device borrows, for its test: a clock that stands until it is moved, and ends that note what they
// are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/board/a20_gate.hpp"
#include "vmm/board/console_sink.hpp"
#include "vmm/board/interrupt_pin.hpp"
#include "vmm/board/pci_card.hpp"
#include "vmm/board/pci_ports.hpp"
#include "vmm/board/port_device.hpp"

namespace vmm::fakes {

class FakeClock final : public Clock {
 public:
  std::uint64_t now_ns() const override { return ns; }
  std::uint64_t ns = 0;
};

class FakePower final : public PowerControl {
 public:
  void power_off(int exit_status) override { statuses.push_back(exit_status); }
  void reset(const ResetCause& cause) override {
    ++resets;
    causes.push_back(cause);
  }
  std::vector<int> statuses;
  unsigned resets = 0;
  std::vector<ResetCause> causes;
};

class FakePin final : public InterruptPin {
 public:
  void set(Level value) override {
    level = value;
    ++changes;
  }
  Level level = Level::kLow;
  unsigned changes = 0;
};

class FakeConsole final : public ConsoleSink {
 public:
  void put(char character) override { text += character; }
  std::string text;
};

/// "H" each time it is told of an open gate, "L" of a closed one.
class FakeA20 final : public A20Pin {
 public:
  void set_a20(Level level) override { log += level == Level::kHigh ? 'H' : 'L'; }
  std::string log;
};

/// "+3" for a line raised, "-3" for one lowered.
class FakeLines final : public InterruptLines {
 public:
  void raise(unsigned irq) override { log += "+" + std::to_string(irq); }
  void lower(unsigned irq) override { log += "-" + std::to_string(irq); }
  std::string log;
};

class FakeFaults final : public FaultSink {
 public:
  void fault(const lowmeg::Error& error) override { errors.push_back(error); }
  std::vector<lowmeg::Error> errors;
};

/// Counts; fails so many times.
class FakeClaimsListener final : public ClaimsListener {
 public:
  lowmeg::Result<void> claims_changed() override {
    ++told;
    if (refuse_next == 0) return {};
    --refuse_next;
    return lowmeg::fail(lowmeg::Errc::kSystem, "no map");
  }
  unsigned told = 0;
  unsigned refuse_next = 0;
};

class FakePatience final : public Patience {
 public:
  void took_long() override { ++times; }
  unsigned times = 0;
};

class FakeObserver final : public ConfigAccessObserver {
 public:
  void accessed(ConfigAccess access) override { log += access == ConfigAccess::kRead ? 'r' : 'w'; }
  std::string log;
};

}  // namespace vmm::fakes
