#include "vmm/board/vga_text.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace vmm {
namespace {

struct VgaRig {
  void graphics(unsigned index, unsigned value) {
    registers.write(0x3ce, 1, index);
    registers.write(0x3cf, 1, value);
  }
  void start(unsigned characters) {
    registers.write(0x3c2, 1, 0x01);
    for (const auto& [index, value] : {std::pair{0x0cu, characters >> 8}, {0x0du, characters & 0xff}}) {
      registers.write(0x3d4, 1, index);
      registers.write(0x3d5, 1, value);
    }
  }
  /// Writes characters as text memory holds them, light grey on black.
  void put(std::uint32_t offset, std::string_view text) {
    for (const char c : text) {
      vga.write(offset, 2, 0x0700u | static_cast<unsigned char>(c));
      offset += 2;
    }
  }
  VgaRegisters registers;
  VgaText vga{registers};
};

constexpr std::uint32_t kB0000 = 0x10000, kB8000 = 0x18000;

TEST(VgaText, ShowsTheScreenWithoutItsBlanks) {
  VgaRig rig;
  EXPECT_EQ(rig.vga.text(), "");
  rig.put(kB8000, "SeaBIOS   ");
  rig.put(kB8000 + 2 * 80 * 2, "  \x01third\xff");
  EXPECT_EQ(rig.vga.text(), "SeaBIOS\n\n   third\n");
  rig.vga.reset();
  EXPECT_EQ(rig.vga.text(), "");
}

TEST(VgaText, ShowsWhatTheRegistersSay) {
  struct Row {
    unsigned graphics6, start;
    const char* text;
  };
  const Row rows[] = {
      {0x0e, 0, "colour\n"},         // B8000, text
      {0x0a, 0, "mono\n"},           // B0000
      {0x0f, 0, ""},                 // a graphics mode
      {0x0e, 80, "second\n"},        // scrolled by a line
      {0x0e, 0x3ffe, "  colour\n"},  // the picture wraps in its 32 KiB
  };
  for (const Row& row : rows) {
    VgaRig rig;
    rig.put(kB0000, "mono");
    rig.put(kB8000, "colour");
    if (row.start) rig.put(kB8000 + 160, "second");
    if (row.start > 80) rig.put(kB8000 + 160, "      ");
    rig.graphics(6, row.graphics6);
    rig.start(row.start);
    EXPECT_EQ(rig.vga.text(), row.text) << row.graphics6 << ' ' << row.start;
  }
}

TEST(VgaText, IsPlainMemory) {
  VgaRig rig;
  rig.vga.write(0, 4, 0x12345678);
  rig.vga.write(0x1ffff, 1, 0x9a);
  EXPECT_EQ(rig.vga.read(0, 4), 0x12345678u);
  EXPECT_EQ(rig.vga.read(1, 2), 0x3456u);
  EXPECT_EQ(rig.vga.read(0x1fffe, 2), 0x9a00u);
}

}  // namespace
}  // namespace vmm
