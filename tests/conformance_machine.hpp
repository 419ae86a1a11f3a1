// A machine that the conformance ROM runs on: software CPU, memory, the chip's bridge and its decode, and the
// board with a card. Between the parts a test can put faults.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/bridge/config_ports.hpp"
#include "lowmeg/decode/map_committer.hpp"
#include "lowmeg/memory/plain_mapper.hpp"
#include "vmm/board/board.hpp"
#include "vmm/board/board_fakes.hpp"
#include "vmm/conformance_report.hpp"
#include "vmm/cpu_soft/cpu_soft.hpp"
#include "vmm/machine_clock.hpp"

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
  /// A port write on its way to the board; false: it is lost.
  std::function<bool(IoBus& board, std::uint16_t port, unsigned size, std::uint32_t value)> port_write = {};
  /// How far a reset reaches.
  std::function<ResetKind(ResetKind kind)> reset = {};
  /// Of the board's configuration ports, once the bridge has its place.
  std::function<void(lowmeg::bridge::ConfigPorts& ports, lowmeg::bridge::ConfigFunction& bridge)> functions =
      {};
  /// What the card claims.
  std::function<void(std::vector<lowmeg::memory::Claim>& claims)> claims = {};
  /// The A20 gate on its way to the processor.
  std::function<Level(Level level)> a20 = {};
  enum class Dma { kByPam, kPastPam } dma = Dma::kByPam;
  Corrections cpu = Corrections::all();
};

class ConformanceMachine {
 public:
  static constexpr std::uint64_t kRamSize = 24 << 20;
  /// What the ROM may take, so that it is bearable where each instruction is emulated.
  static constexpr std::uint64_t kMostInstructions = 15'000'000;
  static constexpr std::uint64_t kCardSize = 0x4000;

  ConformanceMachine(const lowmeg::bridge::Identity& identity, std::span<const std::uint8_t> rom,
                     Faults faults = {})
      : faults_(std::move(faults)),
        ram_(backing("ram", kRamSize)),
        rom_(backing("rom", rom.size() + kCardSize)),
        soft_(std::move(*lowmeg::memory::SoftMapper::create(ram_, rom_))),
        pci_(pci(rom.size())),
        mapper_(*this),
        committer_(lowmeg::decode::AddressDecoder({pci_, nobody()}, kRamSize), mapper_),
        sink_(*this),
        bridge_(identity, {}, sink_, events_),
        function_(*this) {
    std::copy(rom.begin(), rom.end(), rom_.bytes().begin());
    fill_card(rom_.bytes().subspan(rom.size()));
    const lowmeg::memory::MemoryMap plain = MemoryMap::uniform(past_pam());
    static_cast<void>(past_pam_.commit(plain));
    board_.emplace(board_config(rom.size()), board_links());
    board_->config_ports().place(0, 0, function_);
    if (faults_.functions) faults_.functions(board_->config_ports(), function_);
    io_.place(0, 0x8000, Width::kDword, ports_);
    io_.place(0x8000, 0x8000, Width::kDword, ports_);
    cpu_ = CpuSoft::create({*soft_, io_, board_->mmio(), interrupts_}, faults_.cpu);
    clock_.count(*cpu_);
    if (auto on = bridge_.power_on(); !on) throw std::runtime_error(on.error().message());
  }

  /// How far to run.
  enum class Until { kOff, kFirstFailure };

  /// kRequested: as far as that. Anything else: the ROM went astray.
  CpuSoft::Stop run(Until until = Until::kOff) {
    until_ = until;
    for (;;) {
      pending_.reset();
      const CpuSoft::Stop stop = cpu_->run(kMostInstructions - instructions());
      const bool is_shutdown = stop == CpuSoft::Stop::kShutdown;
      if (is_shutdown) pending_ = kResetByTripleFault.kind;
      if (!pending_ || ended_ || (stop != CpuSoft::Stop::kRequested && !is_shutdown)) return stop;
      carry_out(*pending_);
    }
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

  // All ports are the board's, cycle by cycle.
  struct Ports final : PortDevice {
    explicit Ports(ConformanceMachine& owner) : machine(owner) {}
    std::uint32_t read(std::uint16_t port, unsigned size) override {
      return machine.board_->io().read(port, size);
    }
    void write(std::uint16_t port, unsigned size, std::uint32_t value) override {
      IoBus& io = machine.board_->io();
      if (!machine.faults_.port_write || machine.faults_.port_write(io, port, size, value))
        io.write(port, size, value);
    }
    ConformanceMachine& machine;
  };

  struct Console final : ConsoleSink {
    explicit Console(ConformanceMachine& owner) : machine(owner) {}
    void put(char character) override {
      machine.report_.put(character);
      if (machine.until_ == Until::kFirstFailure && !machine.report_.failures().empty()) machine.end();
    }
    ConformanceMachine& machine;
  };

  struct Power final : PowerControl {
    explicit Power(ConformanceMachine& owner) : machine(owner) {}
    void power_off(int) override { machine.end(); }
    void reset(const ResetCause& cause) override { machine.reset(cause); }
    ConformanceMachine& machine;
  };

  struct A20 final : A20Pin {
    explicit A20(ConformanceMachine& owner) : machine(owner) {}
    void set_a20(Level level) override {
      const Level there = machine.faults_.a20 ? machine.faults_.a20(level) : level;
      machine.cpu_->set_a20(there == Level::kHigh ? CpuSoft::Level::kHigh : CpuSoft::Level::kLow);
    }
    ConformanceMachine& machine;
  };

  struct CardClaims final : ClaimsListener {
    explicit CardClaims(ConformanceMachine& owner) : machine(owner) {}
    lowmeg::Result<void> claims_changed() override { return machine.tell_claims(); }
    ConformanceMachine& machine;
  };

  struct Faulted final : FaultSink {
    void fault(const lowmeg::Error& error) override { throw std::runtime_error(error.message()); }
  };

  static void fill_card(std::span<std::uint8_t> rom) {
    for (std::size_t i = 0; i < rom.size(); ++i) rom[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
    rom[0] = 0x55;
    rom[1] = 0xaa;
  }
  static lowmeg::memory::Layout past_pam() {
    const lowmeg::memory::Region all{{0, kRamSize}, lowmeg::memory::ram_routes(0)};
    return nobody().overlaid({&all, 1});
  }

  BoardConfig board_config(std::uint64_t rom_size) {
    BoardConfig config;
    config.ram_bytes_told = kRamSize;
    CardConfig card;
    card.device = 8;
    card.vendor_id = 0x1234;
    card.device_id = 0x5678;
    card.rom = CardRom{rom_.bytes().subspan(rom_size), rom_size};
    config.cards.push_back(card);
    return config;
  }
  BoardLinks board_links() {
    const lowmeg::memory::Mapper& seen =
        faults_.dma == Faults::Dma::kByPam ? static_cast<const lowmeg::memory::Mapper&>(*soft_) : past_pam_;
    return {clock_,   power_,    pin_,    a20_,      console_,
            faulted_, observer_, claims_, patience_, lowmeg::memory::BusMaster(seen, ram_, rom_)};
  }

  lowmeg::Result<void> tell_claims() {
    std::vector<lowmeg::memory::Claim> claims = board_->claims();
    if (faults_.claims) faults_.claims(claims);
    return committer_.bus_changed({lowmeg::memory::with_claims(pci_, claims), nobody()});
  }

  void end() {
    ended_ = true;
    cpu_->request_stop();
  }
  void reset(const ResetCause& cause) {
    pending_ = cause.kind;
    cpu_->request_stop();
  }
  void carry_out(ResetKind kind) {
    if (faults_.reset) kind = faults_.reset(kind);
    if (kind == ResetKind::kInit) return cpu_->init();
    board_->reset();
    cpu_->reset();
    if (auto told = tell_claims(); !told) throw std::runtime_error(told.error().message());
    if (auto done = bridge_.reset(); !done) throw std::runtime_error(done.error().message());
  }

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
  lowmeg::memory::Layout pci_;
  lowmeg::memory::PlainMapper past_pam_{lowmeg::decode::kWindow};
  FaultyMapper mapper_;
  lowmeg::decode::MapCommitter committer_;
  FaultySink sink_;
  lowmeg::bridge::ChipBridge bridge_;
  FaultyFunction function_;
  InstructionClock clock_;
  Power power_{*this};
  Console console_{*this};
  Faulted faulted_;
  CardClaims claims_{*this};
  fakes::FakePin pin_;
  A20 a20_{*this};
  fakes::FakeObserver observer_;
  fakes::FakePatience patience_;
  std::optional<ResetKind> pending_;
  bool ended_ = false;
  std::optional<Board> board_;
  Ports ports_{*this};
  NoInterrupts interrupts_;
  IoBus io_;
  std::unique_ptr<CpuSoft> cpu_;
};

}  // namespace vmm
