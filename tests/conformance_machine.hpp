// The least machine that the conformance ROM runs on: software CPU, memory, the chip's bridge and its decode,
// a debug port. Between the parts a test can put faults.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/decode/map_committer.hpp"
#include "vmm/conformance_report.hpp"
#include "vmm/cpu_soft/cpu_soft.hpp"

namespace vmm {

using lowmeg::DecodeRegisters;
using lowmeg::memory::MemoryMap;

/// One fault at each joint; what is empty is sound.
struct Faults {
  /// A config write on its way to the bridge; false: it is lost.
  std::function<bool(std::uint8_t offset, std::uint32_t& value, lowmeg::bridge::ByteEnables& enables)>
      config_write = {};
  /// A dword on its way from the bridge to the guest.
  std::function<std::uint32_t(std::uint8_t offset, std::uint32_t value)> config_read = {};
  /// What the decode is told.
  std::function<DecodeRegisters(DecodeRegisters)> registers = {};
  /// What the mapper is told, after these registers, and what it was told last.
  std::function<MemoryMap(const MemoryMap& map, const DecodeRegisters& registers, const MemoryMap& last)>
      map = {};
  /// After each commit: what the RAM holds.
  std::function<void(std::span<std::uint8_t> ram, const DecodeRegisters& registers)> ram = {};
};

class ConformanceMachine {
 public:
  static constexpr std::uint64_t kRamSize = 24 << 20;
  /// What the ROM may take, so that it is bearable where each instruction is emulated.
  static constexpr std::uint64_t kMostInstructions = 15'000'000;

  ConformanceMachine(const lowmeg::bridge::Identity& identity, std::span<const std::uint8_t> rom,
                     Faults faults = {})
      : faults_(std::move(faults)),
        ram_(backing("ram", kRamSize)),
        rom_(backing("rom", rom.size())),
        soft_(std::move(*lowmeg::memory::SoftMapper::create(ram_, rom_))),
        mapper_(*this),
        committer_(lowmeg::decode::AddressDecoder({pci(rom.size()), nobody()}, kRamSize), mapper_),
        sink_(*this),
        bridge_(identity, {}, sink_, events_),
        function_(*this) {
    std::copy(rom.begin(), rom.end(), rom_.bytes().begin());
    config_.place(0, 0, function_);
    io_.place(0xcf8, 8, Width::kDword, config_device_);
    io_.place(0x402, 1, Width::kByte, debug_);
    io_.place(0x501, 1, Width::kByte, off_);
    cpu_ = CpuSoft::create({*soft_, io_, mmio_, interrupts_});
    if (auto on = bridge_.power_on(); !on) throw std::runtime_error(on.error().message());
  }

  /// How far to run.
  enum class Until { kOff, kFirstFailure };

  /// kRequested: as far as that. Anything else: the ROM went astray.
  CpuSoft::Stop run(Until until = Until::kOff) {
    until_ = until;
    return cpu_->run(kMostInstructions);
  }

  const ConformanceReport& report() const { return report_; }
  std::uint64_t instructions() const { return cpu_->instructions(); }

 private:
  static lowmeg::memory::Backing backing(const char* name, std::uint64_t size) {
    auto made = lowmeg::memory::Backing::create(name, size);
    if (!made) throw std::runtime_error(made.error().message());
    return std::move(*made);
  }
  static lowmeg::memory::Layout nobody() {
    const lowmeg::memory::Region all{lowmeg::decode::kWindow, lowmeg::memory::open_routes()};
    return lowmeg::memory::Layout(lowmeg::decode::kWindow, {&all, 1});
  }
  // The ROM below 4 GiB, and its last 128 KiB below 1 MiB.
  static lowmeg::memory::Layout pci(std::uint64_t size) {
    using lowmeg::memory::Route;
    const auto rom = [](std::uint64_t offset) {
      return lowmeg::memory::Routes{Route::rom(offset), Route::drop(), Route::rom(offset)};
    };
    const std::uint64_t shown = std::min<std::uint64_t>(size, 0x20000);
    const lowmeg::Gpa top = lowmeg::decode::kWindow.end();
    const lowmeg::memory::Region chips[] = {{{0x100000 - shown, 0x100000}, rom(size - shown)},
                                            {{top - size, top}, rom(0)}};
    return nobody().overlaid(chips);
  }

  struct FaultyMapper final : lowmeg::memory::Mapper {
    explicit FaultyMapper(ConformanceMachine& owner) : machine(owner) {}
    lowmeg::Result<void> commit(const MemoryMap& map) override {
      const MemoryMap last = std::exchange(wanted, map);
      auto done = machine.soft_->commit(
          machine.faults_.map ? machine.faults_.map(map, machine.registers_, last) : map);
      if (machine.faults_.ram) machine.faults_.ram(machine.ram_.bytes(), machine.registers_);
      return done;
    }
    const MemoryMap& map() const override { return wanted; }
    ConformanceMachine& machine;
    MemoryMap wanted = MemoryMap::uniform(nobody());
  };

  struct FaultySink final : lowmeg::DecodeSink {
    explicit FaultySink(ConformanceMachine& owner) : machine(owner) {}
    lowmeg::Result<void> changed(const DecodeRegisters& registers, lowmeg::Apply apply) override {
      machine.registers_ = registers;
      return machine.committer_.changed(
          machine.faults_.registers ? machine.faults_.registers(registers) : registers, apply);
    }
    ConformanceMachine& machine;
  };

  struct FaultyFunction final : lowmeg::bridge::ConfigFunction {
    explicit FaultyFunction(ConformanceMachine& owner) : machine(owner) {}
    std::uint32_t read(std::uint8_t offset) override {
      const std::uint32_t value = machine.bridge_.read(offset);
      return machine.faults_.config_read ? machine.faults_.config_read(offset, value) : value;
    }
    lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                               lowmeg::bridge::ByteEnables enables) override {
      if (machine.faults_.config_write && !machine.faults_.config_write(offset, value, enables)) return {};
      return machine.bridge_.write(offset, value, enables);
    }
    ConformanceMachine& machine;
  };

  struct ConfigDevice final : PortDevice {
    explicit ConfigDevice(lowmeg::bridge::ConfigPorts& ports) : config(ports) {}
    std::uint32_t read(std::uint16_t port, unsigned size) override { return config.read(port, size); }
    void write(std::uint16_t port, unsigned size, std::uint32_t value) override {
      if (auto written = config.write(port, size, value); !written)
        throw std::runtime_error(written.error().message());
    }
    lowmeg::bridge::ConfigPorts& config;
  };

  struct DebugPort final : PortDevice {
    explicit DebugPort(ConformanceMachine& owner) : machine(owner) {}
    std::uint32_t read(std::uint16_t, unsigned) override { return 0xe9; }
    void write(std::uint16_t, unsigned, std::uint32_t value) override {
      machine.report_.put(static_cast<char>(value));
      if (machine.until_ == Until::kFirstFailure && !machine.report_.failures().empty())
        machine.cpu_->request_stop();
    }
    ConformanceMachine& machine;
  };

  struct PowerSwitch final : PortDevice {
    explicit PowerSwitch(ConformanceMachine& owner) : machine(owner) {}
    std::uint32_t read(std::uint16_t, unsigned) override { return 0xff; }
    void write(std::uint16_t, unsigned, std::uint32_t) override { machine.cpu_->request_stop(); }
    ConformanceMachine& machine;
  };

  struct NoInterrupts final : InterruptAcknowledge {
    std::uint8_t acknowledge() override { return 0xff; }
  };

  Faults faults_;
  lowmeg::NullEventSink events_;
  ConformanceReport report_;
  Until until_ = Until::kOff;
  DecodeRegisters registers_;
  lowmeg::memory::Backing ram_, rom_;
  std::unique_ptr<lowmeg::memory::SoftMapper> soft_;
  FaultyMapper mapper_;
  lowmeg::decode::MapCommitter committer_;
  FaultySink sink_;
  lowmeg::bridge::ChipBridge bridge_;
  FaultyFunction function_;
  lowmeg::bridge::ConfigPorts config_;
  ConfigDevice config_device_{config_};
  DebugPort debug_{*this};
  PowerSwitch off_{*this};
  NoInterrupts interrupts_;
  IoBus io_;
  MmioBus mmio_;
  std::unique_ptr<CpuSoft> cpu_;
};

}  // namespace vmm
