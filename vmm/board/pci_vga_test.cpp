#include "vmm/board/pci_vga.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

using lowmeg::GpaRange;
using lowmeg::bridge::ByteEnables;

struct PciVgaTest : testing::Test {
  PciVga vga{std::vector<std::uint8_t>(3000, 0xab)};
  MmioBus bus;

  PciVgaTest() { bus.place_movable(vga); }
  void write(std::uint8_t offset, std::uint32_t value) {
    EXPECT_TRUE(vga.write(offset, value, ByteEnables::all()));
  }
};

// PCI Local Bus 2.1, 6.2.5.2: all ones written, the address bits that are not wired tell the size.
TEST_F(PciVgaTest, TellsItsSize) {
  write(0x30, 0xfffffffe);
  EXPECT_EQ(vga.read(std::uint8_t{0x30}), 0xfffff000u);
  write(0x10, 0xffffffff);
  EXPECT_EQ(vga.read(std::uint8_t{0x10}), 0u) << "no frame buffer";
}

// "When bit 0 is set, address decoding is enabled": the Bochs BIOS copies it with the command register at 0.
TEST_F(PciVgaTest, AnswersWhereItIsPutWhenEnabled) {
  write(0x30, 0xe0000000);
  EXPECT_EQ(bus.read(0xe0000000, 1), 0xffu);
  write(0x30, 0xe0000001);
  EXPECT_EQ(bus.read(0xe0000000, 1), 0xabu);
  EXPECT_EQ(bus.read(0xe0000000 + 3000, 1), 0xffu);
  EXPECT_EQ(bus.read(0xe0000bb6, 4), 0xffffababu) << "the image ends at 3000";
  EXPECT_EQ(bus.read(0xe0000fff, 4), 0xffffffffu) << "past its end nobody";
  bus.write(0xe0000000, 4, 0);
  EXPECT_EQ(bus.read(0xe0000000, 4), 0xababababu);
  write(0x30, 0xfffff001);
  EXPECT_EQ(bus.read(0xfffff000, 1), 0xabu) << "up to 4 GiB";
  vga.reset();
  EXPECT_FALSE(vga.place());
}

class Fixed final : public MmioDevice {
 public:
  std::uint32_t read(std::uint32_t, unsigned) override { return 0x11; }
  void write(std::uint32_t, unsigned, std::uint32_t) override {}
};

TEST_F(PciVgaTest, YieldsToWhatHasItsPlaceForGood) {
  Fixed fixed;
  bus.place(GpaRange(0xa0000, 0xc0000), fixed);
  write(0x30, 0xbf001);
  EXPECT_EQ(bus.read(0xbf000, 1), 0x11u);
  write(0x30, 0xc0001);
  EXPECT_EQ(bus.read(0xc0000, 1), 0xabu);
}

}  // namespace
}  // namespace vmm
