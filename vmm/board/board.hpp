// The board of the reference machine: every device but processor, memory and host bridge, on their buses.
//
// A PC of the 440FX's time as far as SeaBIOS 1.16.2 and the Bochs BIOS look for one; each device's header
// says after which document. The machine places the host bridge on config_ports(). Left out: DMA controllers,
// drives (the IDE channels are empty), parallel ports, HPET and APICs: their ports and memory read all ones,
// as nobody's do.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "lowmeg/bridge/config_ports.hpp"
#include "vmm/board/a20_gate.hpp"
#include "vmm/board/apm_ports.hpp"
#include "vmm/board/cmos.hpp"
#include "vmm/board/com1.hpp"
#include "vmm/board/config_store.hpp"
#include "vmm/board/console_sink.hpp"
#include "vmm/board/debug_console.hpp"
#include "vmm/board/empty_ide.hpp"
#include "vmm/board/fw_cfg.hpp"
#include "vmm/board/i8042.hpp"
#include "vmm/board/interrupt_pin.hpp"
#include "vmm/board/io_bus.hpp"
#include "vmm/board/linux_boot.hpp"
#include "vmm/board/mmio_bus.hpp"
#include "vmm/board/pci_card.hpp"
#include "vmm/board/pci_ports.hpp"
#include "vmm/board/pic.hpp"
#include "vmm/board/piix4_pm.hpp"
#include "vmm/board/pit.hpp"
#include "vmm/board/port92.hpp"
#include "vmm/board/port_device.hpp"
#include "vmm/board/power_ports.hpp"
#include "vmm/board/reset_control.hpp"
#include "vmm/board/rom_memory.hpp"
#include "vmm/board/vga_registers.hpp"
#include "vmm/board/vga_text.hpp"

namespace vmm {

class Carrier;

/// Which device's text is the console's; the others answer, and their text is dropped. With the screen none
/// is.
enum class ConsoleSource { kBiosPorts, kPortE9, kCom1, kScreen };

/// An option ROM that no card has: firmware finds it in fw_cfg.
struct OptionRom {
  std::string name;
  std::vector<std::uint8_t> image;
};

/// The name under which firmware looks for the loader of a Linux kernel.
inline constexpr const char* kLinuxLoader = "linuxboot_dma.bin";

/// Where the PIIX is on PCI bus 0: beside a 440FX, and beside a 440BX whose AGP bridge is device 1.
inline constexpr unsigned kPiixDevice = 1, kPiixBesideAgp = 7;

/// A display device's legacy side (registers and text memory) is on the board for a VGA BIOS or for such a
/// card; its own configuration is the standard VGA's of QEMU and Bochs, 1234:1111, with its BIOS in its ROM.
/// That ROM asks for its enable bit alone.
CardConfig display_card(std::span<const std::uint8_t> rom, std::uint64_t rom_offset);

/// A ROM chip on the ISA bus.
struct RomOnBoard {
  lowmeg::GpaRange range;
  std::span<const std::uint8_t> bytes;  ///< borrowed
};

struct BoardConfig {
  /// Bytes of RAM from 0, below 4 GiB, that firmware is told of: without what the machine hides at the top.
  std::uint64_t ram_bytes_told = 0;
  unsigned cpus = 1;
  Coprocessor coprocessor = Coprocessor::kNone;
  std::optional<std::vector<std::uint8_t>> vgabios;  ///< there is a VGA card on the ISA bus if there is one
  std::vector<CardConfig> cards;      ///< on PCI, by ascending device number: the lowest answers first
  std::vector<RomOnBoard> rom_chips;  ///< as the map shows them where it can
  std::optional<std::vector<std::uint8_t>> floppy;  ///< of a size that disks have, in fw_cfg: no drive
  std::vector<OptionRom> option_roms;
  /// Started by the option ROM kLinuxLoader, before any disk.
  std::optional<LinuxImage> linux;
  ConsoleSource console = ConsoleSource::kBiosPorts;
  std::chrono::sys_seconds rtc_start{};  ///< the date at the Clock's nanosecond 0
  unsigned piix_device = kPiixDevice;
  lowmeg::bridge::AddressCycles address_cycles = lowmeg::bridge::AddressCycles::kDwords;
};

/// What the board needs of the machine. All borrowed; must outlive the board.
struct BoardLinks {
  const Clock& clock;
  PowerControl& power;
  InterruptPin& intr;
  A20Pin& a20;
  ConsoleSink& console;
  FaultSink& faults;
  ConfigAccessObserver& config_accesses;
  ClaimsListener& claims;
  Patience& patience;
  lowmeg::memory::BusMaster bus_master;  ///< for devices that do DMA
  InterruptLines* lines = nullptr;       ///< for COM1; null: the board's own PIC
};

/// No threads, no locks: the machine serialises. Does not move: the buses know its devices.
class Board {
 public:
  Board(const BoardConfig& config, const BoardLinks& links);
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// Every device as at power-on. fw_cfg's files and the CMOS RAM stay.
  void reset();

  /// Every device's volatile state, out of this board or into it. In: the board must have the same devices,
  /// and the clock must go on from where it was; what the cards answer has to be told anew. A board that was
  /// given a state it cannot have is good for nothing.
  void carry(Carrier& carrier);

  /// What the cards answer now, the lowest device first. After reset() it has to be told anew.
  std::vector<lowmeg::memory::Claim> claims() const;

  IoBus& io() { return io_; }
  MmioBus& mmio() { return mmio_; }
  lowmeg::bridge::ConfigPorts& config_ports() { return config_ports_; }
  Pic& pic() { return pic_; }
  Pit& pit() { return pit_; }
  const Cmos& cmos() const { return cmos_; }
  FwCfg& fw_cfg() { return fw_cfg_; }
  Com1& com1() { return com1_; }
  /// The screen, or null without a display device.
  const VgaText* vga_text() const { return vga_text_ ? &*vga_text_ : nullptr; }

 private:
  void fill_fw_cfg(const BoardConfig& config);
  void place_system();
  void place_pci(unsigned piix_device);
  void place_consoles();
  void place_vga();
  void place_memory(const BoardConfig& config, ClaimsListener& claims);

  // Buses.
  IoBus io_;
  MmioBus mmio_;
  lowmeg::bridge::ConfigPorts config_ports_;
  NullConsole null_console_;

  // Devices.
  Pic pic_;
  Pit pit_;
  Cmos cmos_;
  A20Gate a20_gate_;
  I8042 i8042_;
  Port92 port92_;
  ApmPorts apm_;
  EmptyIde ide_;
  FwCfg fw_cfg_;
  PowerPorts power_ports_;
  ResetControl reset_control_;
  PciPorts pci_ports_;
  ConfigStore piix3_;
  Piix4Pm piix4_pm_;
  BiosConsole bios_console_;
  PortE9 port_e9_;
  Com1 com1_;
  std::optional<VgaRegisters> vga_registers_;
  std::optional<VgaText> vga_text_;
  std::list<PciCard> cards_;  // by device number
  std::list<RomMemory> rom_chips_;
};

}  // namespace vmm
