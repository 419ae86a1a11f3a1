#include "vmm/board/vga_registers.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

TEST(VgaRegisters, StoreBehindTheirIndex) {
  struct Row {
    std::uint16_t index_port;
    unsigned index;
  };
  const Row rows[] = {{0x3c4, 2}, {0x3c4, 0xff}, {0x3ce, 6}, {0x3d4, 0x0c}, {0x3d4, 0xff}};
  for (const Row& row : rows) {
    VgaRegisters vga;
    vga.write(0x3c2, 1, 0x01);
    vga.write(row.index_port, 1, row.index);
    vga.write(static_cast<std::uint16_t>(row.index_port + 1), 1, 0x5a);
    EXPECT_EQ(vga.read(row.index_port, 1), row.index);
    EXPECT_EQ(vga.read(static_cast<std::uint16_t>(row.index_port + 1), 1), 0x5au) << row.index_port;
    vga.reset();
    EXPECT_EQ(vga.read(row.index_port, 1), row.index_port == 0x3d4 ? 0xffu : 0u);
  }
}

// Miscellaneous output bit 0: the CRTC is at 3B4h when 0, at 3D4h when 1.
TEST(VgaRegisters, TheCrtcMoves) {
  for (const unsigned colour : {0u, 1u}) {
    VgaRegisters vga;
    vga.write(0x3c2, 1, colour);
    EXPECT_EQ(vga.read(0x3cc, 1), colour);
    EXPECT_EQ(vga.read(0x3d4, 1), colour ? 0u : 0xffu);
    EXPECT_EQ(vga.read(0x3b4, 1), colour ? 0xffu : 0u);
    EXPECT_EQ(vga.read(0x3da, 1), colour ? 0x09u : 0xffu);
    EXPECT_EQ(vga.read(0x3ba, 1), colour ? 0xffu : 0x09u);
    EXPECT_EQ(vga.read(0x3b8, 1), 0xffu) << "nothing else is doubled";
  }
}

// A read of input status 1 makes the next write to 3C0h an index; then index and data take turns.
TEST(VgaRegisters, TheAttributeControllerAlternates) {
  VgaRegisters vga;
  vga.write(0x3c2, 1, 0x01);
  vga.write(0x3c0, 1, 0x11);
  vga.read(0x3da, 1);
  vga.write(0x3c0, 1, 0x10);
  vga.write(0x3c0, 1, 0x0c);
  vga.write(0x3c0, 1, 0x20);
  EXPECT_EQ(vga.read(0x3c0, 1), 0x20u);
  EXPECT_EQ(vga.read(0x3c1, 1), 0x00u) << "register 0";
  vga.read(0x3da, 1);
  vga.write(0x3c0, 1, 0x10);
  EXPECT_EQ(vga.read(0x3c1, 1), 0x0cu);
}

TEST(VgaRegisters, RetracesComeAndGo) {
  VgaRegisters vga;
  vga.write(0x3c2, 1, 0x01);
  const unsigned first = vga.read(0x3da, 1);
  EXPECT_EQ(vga.read(0x3da, 1), first ^ 0x09u);
  EXPECT_EQ(vga.read(0x3da, 1), first);
}

TEST(VgaRegisters, ThePaletteCountsOn) {
  VgaRegisters vga;
  vga.write(0x3c8, 1, 0xff);
  for (unsigned i = 1; i <= 6; ++i) vga.write(0x3c9, 1, 0xc0 | i);
  EXPECT_EQ(vga.read(0x3c8, 1), 1u) << "colour 255 is followed by 0";
  EXPECT_EQ(vga.read(0x3c7, 1), 0u) << "writing";
  vga.write(0x3c7, 1, 0xff);
  EXPECT_EQ(vga.read(0x3c7, 1), 3u) << "reading";
  for (unsigned i = 1; i <= 6; ++i) EXPECT_EQ(vga.read(0x3c9, 1), i) << "six bits a colour";
}

}  // namespace
}  // namespace vmm
