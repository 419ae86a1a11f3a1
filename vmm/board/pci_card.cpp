#include "vmm/board/pci_card.hpp"

#include <bit>

#include "vmm/board/little_endian.hpp"

namespace vmm {
namespace {

using lowmeg::memory::Claim;
using lowmeg::memory::Route;

constexpr std::uint8_t kCommand = 0x04, kBar0 = 0x10, kRomAddress = 0x30;
constexpr std::uint32_t kMemorySpace = 2, kRomEnable = 1;
constexpr std::uint32_t kSmallestMemory = 16;  // 6.2.5.1: bits 3:0 of a memory BAR are not of the address

constexpr std::uint32_t address_bits(std::uint64_t size) {
  return static_cast<std::uint32_t>(~(size - 1));
}

std::vector<ConfigRegister> registers_for(const CardConfig& config) {
  std::vector<ConfigRegister> registers{
      {0x00, config.vendor_id | std::uint32_t{config.device_id} << 16, 0x00000000, "vendor, device"},
      {kCommand, 0x00000000, 0x00000147, "command (I/O, memory, master, parity, SERR#), status"},
      {0x08, config.class_code_and_revision, 0x00000000, "revision, class"},
      {0x0c, 0x00000000, 0x0000f8ff, "cache line size, latency timer, header type 0, BIST"},
      {0x3c, 0x00000000, 0x000000ff, "interrupt line, no pin"},
  };
  if (config.memory_size != 0)
    registers.push_back({kBar0, 0, address_bits(config.memory_size), "memory, 32 bits, not prefetchable"});
  if (config.rom) {
    registers.push_back(
        {kRomAddress, 0, address_bits(config.rom->bytes.size()) | kRomEnable, "expansion ROM base address"});
  }
  return registers;
}

// A ROM takes no writes, whoever sends them.
lowmeg::memory::Routes rom_in_place(std::uint64_t offset) {
  return {Route::rom(offset), Route::drop(), Route::rom(offset)};
}

}  // namespace

PciCard::PciCard(const CardConfig& config, ClaimsListener& listener)
    : listener_(listener), registers_(registers_for(config)), config_(registers_) {
  if (config.memory_size != 0) {
    LOWMEG_INVARIANT(std::has_single_bit(config.memory_size) && config.memory_size >= kSmallestMemory,
                     "memory of a BAR's size");
    memory_.emplace(config.memory_size);
  }
  if (config.rom) {
    const std::size_t size = config.rom->bytes.size();
    LOWMEG_INVARIANT(std::has_single_bit(size) && size >= lowmeg::kPageSize, "a ROM of a BAR's size");
    rom_.emplace(*config.rom);
  }
}

void PciCard::reset() {
  config_.reset();
  decode();
  told_ = claims();
}

lowmeg::Result<void> PciCard::write(std::uint8_t offset, std::uint32_t value,
                                    lowmeg::bridge::ByteEnables enables) {
  auto written = config_.write(offset, value, enables);
  decode();
  std::vector<Claim> now = claims();
  if (!written || now == told_) return written;
  auto told = listener_.claims_changed();
  if (told) told_ = std::move(now);
  return told;
}

// 6.2.2: memory space, bit 1 of the command register; 6.2.5.2: the ROM's enable bit.
void PciCard::decode() {
  const bool memory_space = (config_.read(kCommand) & kMemorySpace) != 0;
  if (memory_) memory_->move_to(memory_space ? config_.read(kBar0) : Window::kNowhere);
  if (!rom_) return;
  const std::uint32_t rom = config_.read(kRomAddress);
  const bool asked = rom_->rom.decode == RomDecode::kEnableBit || memory_space;
  rom_->move_to(asked && (rom & kRomEnable) != 0 ? rom & ~kRomEnable : Window::kNowhere);
}

std::vector<Claim> PciCard::claims() const {
  std::vector<Claim> claims;
  if (const auto place = memory_ ? memory_->place() : std::nullopt)
    claims.push_back({place->start, place->size, lowmeg::memory::bus_routes()});
  if (const auto place = rom_ ? rom_->place() : std::nullopt)
    claims.push_back({place->start, place->size, rom_in_place(rom_->rom.offset)});
  return claims;
}

void PciCard::place_on(MmioBus& bus) {
  if (memory_) bus.place_movable(*memory_);
  if (rom_) bus.place_movable(*rom_);
}

std::optional<AddressRange> PciCard::Window::place() const {
  const std::uint64_t start = start_.load(std::memory_order_relaxed);
  if (start == kNowhere) return std::nullopt;
  return AddressRange{start, size_};
}

std::uint32_t PciCard::Memory::read(std::uint32_t offset, unsigned size) {
  return load_little_endian(bytes, offset, size);
}

void PciCard::Memory::write(std::uint32_t offset, unsigned size, std::uint32_t value) {
  for (unsigned i = 0; i < size; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t PciCard::Rom::read(std::uint32_t offset, unsigned size) {
  return load_little_endian(rom.bytes, offset, size);
}

}  // namespace vmm
