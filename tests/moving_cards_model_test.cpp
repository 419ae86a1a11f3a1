// 100 000 random accesses of a CPU to a PC whose cards move their memory and their ROMs among all ranges,
// byte by byte against a model that shares no code with it. Between them the chip's registers change and the
// cards are switched on and off; now and then a commit fails. LOWMEG_LONG=1 makes a million.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <list>
#include <random>

#include "lowmeg/decode/map_committer.hpp"
#include "lowmeg/memory/soft_mapper.hpp"
#include "tests/naive_cards.hpp"
#include "vmm/board/pci_card.hpp"
#include "vmm/board/rom_memory.hpp"
#include "vmm/chipset/bus_map.hpp"
#include "vmm/cpu_soft/bus.hpp"

namespace vmm {
namespace {

using lowmeg::DecodeRegisters;
using lowmeg::Gpa;
using lowmeg::GpaRange;
using lowmeg::NaiveAccess;
using lowmeg::bridge::ByteEnables;

constexpr std::uint64_t kRam = 18 << 20;
constexpr std::uint64_t kFirmware = 0x20000;
constexpr unsigned kAccessesAMove = 32;

// The text memory's place: it remembers.
class Memory final : public MmioDevice {
 public:
  std::uint32_t read(std::uint32_t offset, unsigned size) override {
    return load_little_endian(bytes, offset, size);
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value) override {
    for (unsigned i = 0; i < size; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(0x20000);
};

// Fails when it is told to, and keeps the map then.
class Mapper final : public lowmeg::memory::Mapper {
 public:
  explicit Mapper(lowmeg::memory::Mapper& owner) : below(owner) {}
  lowmeg::Result<void> commit(const lowmeg::memory::MemoryMap& map) override {
    if (std::exchange(refuse, false)) return lowmeg::fail(lowmeg::Errc::kSystem, "not now");
    return below.commit(map);
  }
  const lowmeg::memory::MemoryMap& map() const override { return below.map(); }
  lowmeg::memory::Mapper& below;
  bool refuse = false;
};

struct CardShape {
  std::uint32_t memory_size;
  std::size_t rom_size;
  RomDecode decode;
};
// Less than a page, a page and less than a segment, more than one; a ROM of each kind.
constexpr CardShape kShapes[] = {{0x40, 0x1000, RomDecode::kEnableBit},
                                 {0x1000, 0x8000, RomDecode::kMemorySpaceAndEnableBit},
                                 {0x8000, 0x2000, RomDecode::kMemorySpaceAndEnableBit}};

class MovingCards : public testing::Test, public ClaimsListener {
 protected:
  MovingCards() : memory(make_memory()), soft(*lowmeg::memory::SoftMapper::create(memory.ram, memory.rom)) {
    for (const RomChip& chip : rom_chips(memory))
      mmio.place(chip.range, chips.emplace_back(memory.bytes(chip.bytes)));
    mmio.place(GpaRange(0xa0000, 0xc0000), vga);
    model.dram.resize(kRam);
    model.vga.resize(0x20000);
    const auto rom = std::as_const(memory.rom).bytes();
    model.firmware.assign(rom.begin(), rom.begin() + kFirmware);
    for (std::size_t i = 0; i < std::size(kShapes); ++i) plug(kShapes[i], memory.card_roms[i]);
    registers.drb7 = 2;
    EXPECT_TRUE(committer.changed(registers, lowmeg::Apply::kForced));
  }

  static MemoryChips make_memory() {
    MemoryConfig config{.ram_size = kRam, .firmware = Image(kFirmware), .vga_bios = std::nullopt};
    std::vector<Image> roms;
    for (const CardShape& shape : kShapes) roms.emplace_back(shape.rom_size);
    MemoryChips memory = std::move(*MemoryChips::create(config, roms));
    std::mt19937 bytes(1);
    for (std::uint8_t& byte : memory.rom.bytes()) byte = static_cast<std::uint8_t>(bytes());
    return memory;
  }

  void plug(const CardShape& shape, const RomPart& part) {
    cards.emplace_back(CardConfig{.device = 0,
                                  .vendor_id = 0,
                                  .device_id = 0,
                                  .class_code_and_revision = 0,
                                  .memory_size = shape.memory_size,
                                  .rom = CardRom{memory.bytes(part), part.offset, shape.decode}},
                       *this);
    cards.back().place_on(mmio);
    const auto rom = memory.bytes(part);
    model.cards.push_back({.command = 0,
                           .bar = 0,
                           .rom_bar = 0,
                           .memory = std::vector<std::uint8_t>(shape.memory_size),
                           .rom = {rom.begin(), rom.end()},
                           .rom_asks_for_memory_space = shape.decode == RomDecode::kMemorySpaceAndEnableBit});
  }

  lowmeg::Result<void> claims_changed() override {
    std::vector<lowmeg::memory::Claim> claims;
    for (const PciCard& card : cards) {
      for (const auto& claim : card.claims()) claims.push_back(claim);
    }
    return committer.bus_changed(board_bus_map(memory, claims));
  }

  unsigned pick(unsigned count) { return static_cast<unsigned>(random() % count); }

  // All ranges of the decode, their edges more often than their midst.
  Gpa anywhere() {
    constexpr Gpa kEdges[] = {0x7f000,  0x80000,  0x9f000,   0xa0000,   0xbf000,    0xc0000,    0xc8000,
                              0xd0000,  0xd4000,  0xdf000,   0xe0000,   0xf0000,    0xff000,    0x100000,
                              0xf00000, 0xfff000, 0x1000000, 0x1200000, 0xe0000000, 0xfec00000, 0xfffe0000};
    return kEdges[pick(std::size(kEdges))] + pick(4) * 0x1000 + pick(256) * 0x10;
  }

  void move_something() {
    const auto kind = pick(8);
    if (kind < 3) return change_a_register();
    const unsigned which = pick(std::size(kShapes));
    lowmeg::NaiveCard& naive = model.cards[which];
    const auto address = static_cast<std::uint32_t>(anywhere());
    if (kind == 3) return write_card(which, 0x04, naive.command = pick(4) == 0 ? 0 : 2);
    if (kind < 6) {
      naive.bar = address - address % static_cast<std::uint32_t>(naive.memory.size());
      return write_card(which, 0x10, address);
    }
    const std::uint32_t enable = pick(4) != 0;
    naive.rom_bar = (address - address % static_cast<std::uint32_t>(naive.rom.size())) | enable;
    write_card(which, 0x30, (address & ~1u) | enable);
  }

  void change_a_register() {
    switch (pick(6)) {
      case 0:
        registers.fdhc = static_cast<std::uint8_t>(pick(4) << 6);
        break;
      case 1:
        registers.drb7 = static_cast<std::uint8_t>(pick(4));
        break;
      case 2:
        registers.smram = pick(2) != 0 ? 0x4a : 0x02;
        break;
      default:
        registers.pam[pick(7)] = static_cast<std::uint8_t>(pick(256));
    }
    // A bridge tells again.
    while (!committer.changed(registers, lowmeg::Apply::kDelta)) ++failures;
  }

  // The guest writes again what did not succeed.
  void write_card(unsigned which, std::uint8_t offset, std::uint32_t value) {
    mapper.refuse = pick(16) == 0;
    auto card = std::next(cards.begin(), which);
    while (!card->write(offset, value, ByteEnables::all())) ++failures;
    mapper.refuse = false;
  }

  void access_something() {
    const std::uint32_t gpa = static_cast<std::uint32_t>(near_a_card_or_anywhere());
    const unsigned size = 1u << pick(3);
    if (pick(3) == 0) {
      const auto value = static_cast<std::uint32_t>(random());
      cpu.write(gpa, size, value);
      for (unsigned i = 0; i < size; ++i)
        model.write(registers, gpa + i, static_cast<std::uint8_t>(value >> (8 * i)));
      return;
    }
    const auto access = pick(4) == 0 ? NaiveAccess::kFetch : NaiveAccess::kRead;
    std::uint32_t want = 0;
    for (unsigned i = 0; i < size; ++i)
      want |= std::uint32_t{model.read(registers, gpa + i, access)} << (8 * i);
    const std::uint32_t got = access == NaiveAccess::kFetch ? cpu.fetch(gpa, size) : cpu.read(gpa, size);
    ASSERT_EQ(got, want) << std::hex << gpa << " size " << size;
    seen_of_cards += static_cast<unsigned>(model.cards[0].in_rom(gpa) || model.cards[1].in_memory(gpa));
  }

  // Just below, at, and around the end of something that a card has.
  Gpa near_a_card_or_anywhere() {
    const lowmeg::NaiveCard& card = model.cards[pick(std::size(kShapes))];
    const bool in_memory = pick(2) != 0;
    const Gpa start = in_memory ? card.bar : card.rom_bar & ~1u;
    const std::uint64_t size = in_memory ? card.memory.size() : card.rom.size();
    const unsigned where = pick(4);
    const Gpa gpa = where == 0   ? anywhere() + pick(16)
                    : where == 1 ? start + pick(static_cast<unsigned>(size))
                    : where == 2 ? start + pick(8)
                                 : start + size - pick(8);
    return std::min<Gpa>(gpa, 0xfffffff0);
  }

  MemoryChips memory;
  std::unique_ptr<lowmeg::memory::SoftMapper> soft;
  Mapper mapper{*soft};
  lowmeg::decode::MapCommitter committer{lowmeg::decode::AddressDecoder(board_bus_map(memory, {}), kRam),
                                         mapper};
  Memory vga;
  std::list<RomMemory> chips;
  std::list<PciCard> cards;
  IoBus io;
  MmioBus mmio;
  cpu_soft::A20Mask a20;
  cpu_soft::Bus cpu{*soft, io, mmio, a20};
  lowmeg::NaivePc model;
  DecodeRegisters registers;
  std::mt19937_64 random{0x440b};
  unsigned failures = 0, seen_of_cards = 0;
};

TEST_F(MovingCards, ReadAndWriteAsTheModelDoes) {
  const unsigned accesses = std::getenv("LOWMEG_LONG") != nullptr ? 1'000'000 : 100'000;
  for (unsigned i = 0; i < accesses; ++i) {
    if (i % kAccessesAMove == 0) move_something();
    access_something();
    if (HasFatalFailure()) FAIL() << "access " << i;
  }
  EXPECT_GT(failures, 10u) << "commits that fail are part of it";
  EXPECT_GT(seen_of_cards, accesses / 100);
  ASSERT_EQ(memory.ram.size(), model.dram.size());
  EXPECT_EQ(std::memcmp(std::as_const(memory.ram).bytes().data(), model.dram.data(), kRam), 0);
  EXPECT_EQ(vga.bytes, model.vga);
}

}  // namespace
}  // namespace vmm
