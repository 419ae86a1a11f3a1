#include "vmm/board/pci_card.hpp"

#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"
#include "vmm/board/rom_memory.hpp"

namespace vmm {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;
using lowmeg::bridge::ByteEnables;
using lowmeg::memory::Claim;
using lowmeg::memory::Route;

constexpr std::uint8_t kCommand = 0x04, kBar0 = 0x10, kRom = 0x30;
constexpr std::uint64_t kRomOffset = 0x20000;

Claim memory_at(Gpa start, std::uint64_t size = 0x4000) {
  return {start, size, lowmeg::memory::bus_routes()};
}
Claim rom_at(Gpa start) {
  return {start, 0x2000, {Route::rom(kRomOffset), Route::drop(), Route::rom(kRomOffset)}};
}

struct PciCardTest : testing::Test {
  void plug(RomDecode decode, std::uint32_t memory_size = 0x4000) {
    card.emplace(CardConfig{.device = 8,
                            .vendor_id = 0x1234,
                            .device_id = 0x5678,
                            .class_code_and_revision = 0x05800001,
                            .memory_size = memory_size,
                            .rom = CardRom{image, kRomOffset, decode}},
                 listener);
    bus.emplace();
    card->place_on(*bus);
  }
  void write(std::uint8_t offset, std::uint32_t value) {
    EXPECT_TRUE(card->write(offset, value, ByteEnables::all()));
  }

  std::vector<std::uint8_t> image = std::vector<std::uint8_t>(0x2000, 0xab);
  fakes::FakeClaimsListener listener;
  std::optional<PciCard> card;
  std::optional<MmioBus> bus;
};

// PCI Local Bus 2.1, 6.2.5.1 and 6.2.5.2: all ones written, the address bits that are not wired tell the
// size.
TEST_F(PciCardTest, HasAHeaderOfType0) {
  plug(RomDecode::kMemorySpaceAndEnableBit);
  struct Row {
    std::uint8_t offset;
    std::uint32_t after_ones;
  };
  const Row rows[] = {{0x00, 0x56781234}, {0x04, 0x00000147}, {0x08, 0x05800001}, {0x0c, 0x0000f8ff},
                      {0x10, 0xffffc000}, {0x14, 0},          {0x18, 0},          {0x1c, 0},
                      {0x20, 0},          {0x24, 0},          {0x2c, 0},          {0x30, 0xffffe001},
                      {0x34, 0},          {0x3c, 0x000000ff}, {0x40, 0}};
  for (const Row& row : rows) {
    write(row.offset, 0xffffffff);
    EXPECT_EQ(card->read(row.offset), row.after_ones) << int{row.offset};
  }
  card->reset();
  for (const std::uint8_t offset : {kCommand, kBar0, kRom}) EXPECT_EQ(card->read(offset), 0u);
}

// 6.2.2, 6.2.5.2: each row a write, and what the card then answers.
TEST_F(PciCardTest, ClaimsWhatItsRegistersSay) {
  struct Row {
    std::uint8_t offset;
    std::uint32_t value;
    std::vector<Claim> by_the_book, by_enable_bit;
  };
  const Row rows[] = {
      {kBar0, 0xd0000, {}, {}},
      {kRom, 0xd8001, {}, {rom_at(0xd8000)}},
      {kCommand, 5, {}, {rom_at(0xd8000)}},
      {kCommand, 2, {memory_at(0xd0000), rom_at(0xd8000)}, {memory_at(0xd0000), rom_at(0xd8000)}},
      {kRom, 0xd8000, {memory_at(0xd0000)}, {memory_at(0xd0000)}},
      {kBar0, 0xffffffff, {memory_at(0xffffc000)}, {memory_at(0xffffc000)}},
      {kBar0, 0, {memory_at(0)}, {memory_at(0)}},
      {kCommand, 0, {}, {}},
  };
  for (const RomDecode decode : {RomDecode::kMemorySpaceAndEnableBit, RomDecode::kEnableBit}) {
    plug(decode);
    for (const Row& row : rows) {
      write(row.offset, row.value);
      EXPECT_EQ(card->claims(), decode == RomDecode::kEnableBit ? row.by_enable_bit : row.by_the_book)
          << &row - rows;
    }
  }
}

// "Tells the listener when what the card claims is not what was told last."
TEST_F(PciCardTest, TellsOfWhatChanged) {
  plug(RomDecode::kMemorySpaceAndEnableBit);
  struct Row {
    std::uint8_t offset;
    std::uint32_t value;
    unsigned told;
  };
  const Row rows[] = {{kBar0, 0xd0000, 0}, {kRom, 0xd8001, 0},  {kCommand, 2, 1},   {kCommand, 7, 1},
                      {kBar0, 0xd0000, 1}, {kBar0, 0xd4000, 2}, {kRom, 0xd8000, 3}, {0x3c, 9, 3}};
  for (const Row& row : rows) {
    write(row.offset, row.value);
    EXPECT_EQ(listener.told, row.told) << &row - rows;
  }
  card->reset();
  EXPECT_EQ(listener.told, 3u) << "whose business it is to tell of a reset";
  EXPECT_TRUE(card->claims().empty());
  write(kCommand, 2);
  EXPECT_EQ(listener.told, 4u);
}

// "On its error the registers have their new values, and the next write to the card tells again."
TEST_F(PciCardTest, TellsAgainAfterAFailure) {
  plug(RomDecode::kEnableBit);
  listener.refuse_next = 2;
  EXPECT_FALSE(card->write(kRom, 0xd0001, ByteEnables::all()));
  EXPECT_EQ(card->read(kRom), 0xd0001u);
  EXPECT_FALSE(card->write(kRom, 0xd0001, ByteEnables::all()));
  EXPECT_TRUE(card->write(0x3c, 1, ByteEnables::all()));
  EXPECT_TRUE(card->write(0x3c, 2, ByteEnables::all()));
  EXPECT_EQ(listener.told, 3u);
}

TEST_F(PciCardTest, AnswersOnTheBus) {
  plug(RomDecode::kMemorySpaceAndEnableBit);
  write(kBar0, 0xe0000000);
  write(kRom, 0xe0002001);  // under the second half of the BAR
  EXPECT_EQ(bus->read(0xe0000000, 1), 0xffu);
  write(kCommand, 2);
  bus->write(0xe0003ffc, 4, 0x11223344);
  EXPECT_EQ(bus->read(0xe0003ffc, 4), 0x11223344u) << "the BAR before the ROM";
  write(kRom, 0xffffe001);
  EXPECT_EQ(bus->read(0xfffffffe, 2), 0xababu) << "up to 4 GiB";
  bus->write(0xffffe000, 4, 0);
  EXPECT_EQ(bus->read(0xffffe000, 4), 0xababababu);
  write(kCommand, 0);
  EXPECT_EQ(bus->read(0xe0003ffc, 4), 0xffffffffu);
  card->reset();
  write(kBar0, 0x10000000);
  write(kCommand, 2);
  EXPECT_EQ(bus->read(0x10003ffc, 4), 0x11223344u) << "a reset leaves the memory";
}

// "A card on PCI decodes positively"; "one that several share is done in bytes".
TEST_F(PciCardTest, LeavesTheRestOfAPageToWhoeverHasIt) {
  plug(RomDecode::kMemorySpaceAndEnableBit, 16);
  const std::vector<std::uint8_t> chip_bytes(0x1000, 0x77);
  RomMemory chip(chip_bytes);
  bus->place(GpaRange(0xf0000, 0xf1000), chip);
  write(kBar0, 0xf0010);
  write(kCommand, 2);
  for (const Gpa gpa : {0xf0010, 0xf0014, 0xf0018, 0xf001c}) bus->write(gpa, 4, 0x01020304);
  EXPECT_EQ(bus->read(0xf000e, 4), 0x03047777u);
  EXPECT_EQ(bus->read(0xf001e, 4), 0x77770102u);
  EXPECT_EQ(bus->read(0xf0010, 2), 0x0304u);
  EXPECT_EQ(bus->read(0xf0ffe, 4), 0xffff7777u);
  bus->write(0xf000e, 4, 0xaaaaaaaa);
  EXPECT_EQ(bus->read(0xf000e, 4), 0xaaaa7777u);
}

}  // namespace
}  // namespace vmm
