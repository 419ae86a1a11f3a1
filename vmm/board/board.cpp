#include "vmm/board/board.hpp"

#include <algorithm>

#include "vmm/board/piix3.hpp"

namespace vmm {
namespace {

// On PCI bus 0.
constexpr unsigned kPiix3Function = 0, kPiix4PmFunction = 3;
constexpr unsigned kVgaDevice = 2;
constexpr std::uint32_t kDisplayClass = 0x03;  // dword 08h, bits 31:24

bool is_display(const CardConfig& card) {
  return card.class_code_and_revision >> 24 == kDisplayClass;
}

ConsoleSink& sink_for(ConsoleSource source, const BoardConfig& config, const BoardLinks& links,
                      ConsoleSink& none) {
  return config.console == source ? links.console : none;
}

void append(FwCfg::Bytes& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

FwCfg::Bytes little_endian(std::uint64_t value, unsigned bytes) {
  FwCfg::Bytes result;
  append(result, value, bytes);
  return result;
}

// etc/e820: address (8), length (8), type (4) of each range, here the one of RAM.
FwCfg::Bytes e820(std::uint64_t ram_bytes) {
  constexpr std::uint32_t kRam = 1;
  FwCfg::Bytes result;
  append(result, 0, 8);
  append(result, ram_bytes, 8);
  append(result, kRam, 4);
  return result;
}

}  // namespace

CardConfig display_card(std::span<const std::uint8_t> rom, std::uint64_t rom_offset) {
  return {.device = kVgaDevice,
          .vendor_id = 0x1234,
          .device_id = 0x1111,
          .class_code_and_revision = 0x03000002,
          .memory_size = 0,
          .rom = CardRom{rom, rom_offset, RomDecode::kEnableBit}};
}

Board::Board(const BoardConfig& config, const BoardLinks& links)
    : config_ports_(config.address_cycles),
      pic_(links.intr),
      pit_(links.clock, pic_),
      cmos_(links.clock, {config.ram_bytes_told, config.cpus, config.coprocessor, config.rtc_start}),
      a20_gate_(links.a20),
      i8042_(links.power, a20_gate_),
      port92_(links.power, a20_gate_),
      fw_cfg_(links.bus_master, links.patience),
      power_ports_(links.power),
      reset_control_(links.power),
      pci_ports_(config_ports_, reset_control_, links.faults, links.config_accesses),
      piix3_(piix3_registers()),
      piix4_pm_(links.clock, links.power),
      bios_console_(sink_for(ConsoleSource::kBiosPorts, config, links, null_console_)),
      port_e9_(sink_for(ConsoleSource::kPortE9, config, links, null_console_)),
      com1_(sink_for(ConsoleSource::kCom1, config, links, null_console_), links.lines ? *links.lines : pic_) {
  fill_fw_cfg(config);
  place_system();
  place_pci(config.piix_device);
  place_consoles();
  if (config.vgabios || std::ranges::any_of(config.cards, is_display)) place_vga();
  place_memory(config, links.claims);
}

void Board::fill_fw_cfg(const BoardConfig& config) {
  fw_cfg_.set_item(FwCfg::kPresentCpus, little_endian(config.cpus, 2));
  fw_cfg_.set_item(FwCfg::kMaxCpus, little_endian(config.cpus, 2));
  fw_cfg_.set_item(FwCfg::kNuma, little_endian(0, 8));
  fw_cfg_.set_item(FwCfg::kBootMenu, little_endian(0, 2));  // no menu, and so no wait for a key
  fw_cfg_.add_file("etc/e820", e820(config.ram_bytes_told));
  if (config.vgabios) fw_cfg_.add_file("vgaroms/vgabios.bin", *config.vgabios);
  if (config.floppy) fw_cfg_.add_file("floppyimg/floppy.img", *config.floppy);
  for (const OptionRom& rom : config.option_roms) fw_cfg_.add_file("genroms/" + rom.name, rom.image);
  if (!config.linux) return;
  offer_linux(*config.linux, fw_cfg_);
  const std::string first = std::string("/rom@genroms/") + kLinuxLoader + "\n";
  fw_cfg_.add_file("bootorder", {first.begin(), first.end()});
}

void Board::place_system() {
  for (const std::uint16_t ports : {Pic::kMasterPorts, Pic::kSlavePorts, Pic::kElcrPorts}) {
    io_.place(ports, 2, Width::kByte, pic_);
  }
  io_.place(Pit::kPorts, 4, Width::kByte, pit_);
  io_.place(Pit::kControlB, 1, Width::kByte, pit_);
  io_.place(Cmos::kIndexPort, 2, Width::kByte, cmos_);
  io_.place(I8042::kDataPort, 1, Width::kByte, i8042_);
  io_.place(I8042::kCommandPort, 1, Width::kByte, i8042_);
  io_.place(Port92::kPort, 1, Width::kByte, port92_);
  io_.place(ApmPorts::kControlPort, 2, Width::kByte, apm_);
  for (const std::uint16_t ports : EmptyIde::kCommandBlocks) io_.place(ports, 8, Width::kDword, ide_);
  for (const std::uint16_t port : EmptyIde::kControlBlocks) io_.place(port, 1, Width::kByte, ide_);
  io_.place(FwCfg::kSelectorPort, 2, Width::kWord, fw_cfg_);
  io_.place(FwCfg::kDmaPort, 8, Width::kDword, fw_cfg_);
  io_.place(PowerPorts::kExitPort, 1, Width::kByte, power_ports_);
  io_.place(PowerPorts::kPm1ControlPort, 2, Width::kWord, power_ports_);
  io_.place(PowerPorts::kShutdownPort, 1, Width::kByte, power_ports_);
}

void Board::place_pci(unsigned piix_device) {
  io_.place(PciPorts::kPorts, 8, Width::kDword, pci_ports_);
  io_.place_movable(Piix4Pm::kBlockSize, Width::kDword, piix4_pm_);
  config_ports_.place(piix_device, kPiix3Function, piix3_);
  config_ports_.place(piix_device, kPiix4PmFunction, piix4_pm_.function());
}

void Board::place_consoles() {
  io_.place(BiosConsole::kPanicPort, 4, Width::kWord, bios_console_);
  io_.place(PortE9::kPort, 1, Width::kByte, port_e9_);
  io_.place(Com1::kPorts, 8, Width::kByte, com1_);
}

void Board::place_vga() {
  VgaRegisters& registers = vga_registers_.emplace();
  io_.place(VgaRegisters::kMonoPorts, VgaRegisters::kMonoCount, Width::kByte, registers);
  io_.place(VgaRegisters::kPorts, VgaRegisters::kCount, Width::kByte, registers);
  mmio_.place(VgaText::kRange, vga_text_.emplace(registers));
}

void Board::place_memory(const BoardConfig& config, ClaimsListener& claims) {
  for (const RomOnBoard& chip : config.rom_chips)
    mmio_.place(chip.range, rom_chips_.emplace_back(chip.bytes));
  LOWMEG_INVARIANT(std::ranges::is_sorted(config.cards, {}, &CardConfig::device), "cards by device number");
  for (const CardConfig& row : config.cards) {
    PciCard& card = cards_.emplace_back(row, claims);
    config_ports_.place(row.device, 0, card);
    card.place_on(mmio_);
  }
}

std::vector<lowmeg::memory::Claim> Board::claims() const {
  std::vector<lowmeg::memory::Claim> all;
  for (const PciCard& card : cards_) {
    const auto claims = card.claims();
    all.insert(all.end(), claims.begin(), claims.end());
  }
  return all;
}

void Board::reset() {
  config_ports_.reset();
  pic_.reset();
  pit_.reset();
  cmos_.reset();
  i8042_.reset();
  port92_.reset();
  apm_.reset();
  fw_cfg_.reset();
  power_ports_.reset();
  reset_control_.reset();
  piix3_.reset();
  piix4_pm_.reset();
  com1_.reset();
  if (vga_registers_) vga_registers_->reset();
  if (vga_text_) vga_text_->reset();
  for (PciCard& card : cards_) card.reset();
}

}  // namespace vmm
