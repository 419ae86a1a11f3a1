#include "vmm/board/debug_console.hpp"

#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

TEST(BiosConsole, WritesText) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    const char* text;
  };
  const Row rows[] = {
      {0x402, 1, 'i', "i"},
      {0x403, 1, 'd', "d"},
      {0x402, 2, 'i' | 'j' << 8, "ij"},
      {0x401, 1, 'p', ""},  // a mark without text
      {0x400, 1, 'p', ""},
      {0x400, 2, 1234, "BIOS panic at line 1234\n"},
  };
  for (const Row& row : rows) {
    fakes::FakeConsole console;
    BiosConsole(console).write(row.port, row.size, row.value);
    EXPECT_EQ(console.text, row.text) << row.port;
  }
}

// A port that reads E9h is there: SeaBIOS asks so before it writes.
TEST(BiosConsole, ShowsThatItIsThere) {
  fakes::FakeConsole console;
  BiosConsole bios(console);
  EXPECT_EQ(bios.read(0x402, 1), 0xe9u);
  EXPECT_EQ(bios.read(0x400, 1), 0xffu);
  EXPECT_EQ(bios.read(0x402, 2), 0xffffu);
  PortE9 port_e9(console);
  EXPECT_EQ(port_e9.read(0xe9, 1), 0xe9u);
  port_e9.write(0xe9, 1, 'x');
  EXPECT_EQ(console.text, "x");
}

}  // namespace
}  // namespace vmm
