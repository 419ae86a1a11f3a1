// A card on PCI with memory: a configuration header of type 0, a memory BAR and an expansion ROM.
//
// After PCI Local Bus 2.1, 6.1 and 6.2. The command register's memory space bit lets both answer, the ROM
// with its enable bit besides (6.2.5.2). Bochs's devices do not ask the former for the ROM, and the Bochs
// BIOS copies it with the command register at 0: RomDecode::kEnableBit is such a card. Left out: 64-bit and
// I/O BARs, interrupts, capabilities, bus mastering (the bit stores).
#pragma once

#include <array>
#include <atomic>
#include <vector>

#include "lowmeg/memory/claims.hpp"
#include "vmm/board/config_store.hpp"
#include "vmm/board/mmio_bus.hpp"

namespace vmm {

class Carrier;

/// What lets an expansion ROM answer.
enum class RomDecode {
  kMemorySpaceAndEnableBit,  ///< 6.2.5.2
  kEnableBit,                ///< alone
};

struct CardRom {
  std::span<const std::uint8_t> bytes;  ///< borrowed; a power of two, a page or more
  std::uint64_t offset = 0;             ///< of them in the ROM backing, whole pages
  RomDecode decode = RomDecode::kMemorySpaceAndEnableBit;
};

struct CardConfig {
  unsigned device = 0;  ///< on PCI bus 0
  std::uint16_t vendor_id = 0, device_id = 0;
  std::uint32_t class_code_and_revision = 0;  ///< dword 08h
  std::uint32_t memory_size = 0;              ///< bytes behind BAR 0: a power of two, 16 or more; 0: none
  std::optional<CardRom> rom;
};

/// Hears, within the config write, that what some card claims has changed. An error is the write's.
class ClaimsListener {
 public:
  virtual ~ClaimsListener() = default;
  virtual lowmeg::Result<void> claims_changed() = 0;
};

/// Two sides: its configuration space, and its memory. Each is called from one thread at a time, and the two
/// may be called at once, as by two CPUs.
class PciCard final : public lowmeg::bridge::ConfigFunction {
 public:
  /// Borrows the listener. Sizes that a BAR cannot have are the program's error.
  PciCard(const CardConfig& config, ClaimsListener& listener);

  /// Registers as after RST#: it claims nothing. Tells nobody: who resets the board tells of all cards. What
  /// is in the memory stays.
  void reset();
  /// Registers and memory, out or in. Tells nobody, as reset().
  void carry(Carrier& carrier);

  std::uint32_t read(std::uint8_t offset) override { return config_.read(offset); }
  /// Tells the listener when what the card claims is not what was told last. On its error the registers have
  /// their new values, and the next write to the card tells again.
  lowmeg::Result<void> write(std::uint8_t offset, std::uint32_t value,
                             lowmeg::bridge::ByteEnables enables) override;

  /// What answers now: the BAR before the ROM.
  std::vector<lowmeg::memory::Claim> claims() const;
  /// Puts both on the bus, in that order.
  void place_on(MmioBus& bus);

 private:
  /// One base address register and what is behind it; where it lies is for the memory's side.
  class Window : public MovableMmio {
   public:
    std::optional<AddressRange> place() const override;
    void move_to(std::uint64_t start) { start_.store(start, std::memory_order_relaxed); }
    std::uint64_t size() const { return size_; }
    static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

   protected:
    explicit Window(std::uint64_t size) : size_(size) {}

   private:
    const std::uint64_t size_;
    std::atomic<std::uint64_t> start_{kNowhere};
  };
  struct Memory final : Window {
    explicit Memory(std::uint32_t size) : Window(size), bytes(size) {}
    std::uint32_t read(std::uint32_t offset, unsigned size) override;
    void write(std::uint32_t offset, unsigned size, std::uint32_t value) override;
    std::vector<std::uint8_t> bytes;
  };
  struct Rom final : Window {
    explicit Rom(const CardRom& config) : Window(config.bytes.size()), rom(config) {}
    std::uint32_t read(std::uint32_t offset, unsigned size) override;
    void write(std::uint32_t, unsigned, std::uint32_t) override {}
    const CardRom rom;
  };

  void decode();

  ClaimsListener& listener_;
  std::vector<ConfigRegister> registers_;
  ConfigStore config_;
  std::optional<Memory> memory_;
  std::optional<Rom> rom_;
  std::vector<lowmeg::memory::Claim> told_;
};

}  // namespace vmm
