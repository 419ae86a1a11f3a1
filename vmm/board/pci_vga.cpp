#include "vmm/board/pci_vga.hpp"

#include <algorithm>
#include <bit>

namespace vmm {
namespace {

constexpr std::size_t kSmallestRom = 2048;  // 6.2.5.2: the register's lowest address bit is 11
constexpr std::uint8_t kCommand = 0x04, kRomAddress = 0x30;
constexpr std::uint32_t kRomEnable = 1;

std::vector<std::uint8_t> padded(std::vector<std::uint8_t> rom) {
  rom.resize(std::bit_ceil(std::max(rom.size(), kSmallestRom)), 0xff);
  return rom;
}

std::vector<ConfigRegister> registers_for(std::size_t rom_size) {
  const auto address_bits = static_cast<std::uint32_t>(~(rom_size - 1));
  return {
      {0x00, 0x11111234, 0x00000000, "vendor, device: QEMU's and Bochs's standard VGA"},
      {kCommand, 0x00000000, 0x00000007, "command (bus master, memory and I/O space), status"},
      {0x08, 0x03000002, 0x00000000, "revision, class: VGA-compatible display controller"},
      {kRomAddress, 0x00000000, address_bits | kRomEnable, "expansion ROM base address"},
      {0x3c, 0x00000000, 0x000000ff, "interrupt line"},
  };
}

}  // namespace

PciVga::PciVga(std::vector<std::uint8_t> rom)
    : rom_(padded(std::move(rom))), registers_(registers_for(rom_.size())), config_(registers_) {}

void PciVga::reset() {
  config_.reset();
  rom_address_ = 0;
}

lowmeg::Result<void> PciVga::write(std::uint8_t offset, std::uint32_t value,
                                   lowmeg::bridge::ByteEnables enables) {
  auto written = config_.write(offset, value, enables);
  rom_address_ = config_.read(kRomAddress);
  return written;
}

std::optional<lowmeg::GpaRange> PciVga::place() const {
  const std::uint32_t address = rom_address_;
  if (!(address & kRomEnable)) return std::nullopt;
  const lowmeg::Gpa start = address & ~kRomEnable;
  return lowmeg::GpaRange(start, start + rom_.size());
}

std::uint32_t PciVga::read(std::uint32_t offset, unsigned size) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{rom_[offset + i]} << (8 * i);
  return value;
}

}  // namespace vmm
