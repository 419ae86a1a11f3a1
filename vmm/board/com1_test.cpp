#include "vmm/board/com1.hpp"

#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

struct Rig {
  fakes::FakeConsole console;
  Com1 com1{console};
};

// What each register reads after all ones were written to it.
TEST(Com1, KeepsWhatItsRegistersHold) {
  struct Row {
    std::uint16_t port;
    unsigned reads;
  };
  const Row rows[] = {{0x3f9, 0x0f}, {0x3fb, 0xff}, {0x3fc, 0x1f},
                      {0x3fd, 0x60}, {0x3fe, 0xb0}, {0x3ff, 0xff}};
  for (const Row& row : rows) {
    Rig rig;
    rig.com1.write(row.port, 1, 0xff);
    EXPECT_EQ(rig.com1.read(row.port, 1), row.reads) << row.port;
    rig.com1.reset();
    EXPECT_EQ(rig.com1.read(row.port, 1), row.port == 0x3fd ? 0x60u : row.port == 0x3fe ? 0xb0u : 0u);
  }
}

TEST(Com1, SendsAtOnceUnlessTheDivisorIsOpen) {
  Rig rig;
  for (const char c : {'o', 'k'}) rig.com1.write(0x3f8, 1, static_cast<unsigned>(c));
  rig.com1.write(0x3fb, 1, 0x83);
  rig.com1.write(0x3f8, 1, 0x01);
  rig.com1.write(0x3f9, 1, 0x02);
  EXPECT_EQ(rig.com1.read(0x3f8, 1), 0x01u);
  EXPECT_EQ(rig.com1.read(0x3f9, 1), 0x02u);
  rig.com1.write(0x3fb, 1, 0x03);
  EXPECT_EQ(rig.com1.read(0x3f8, 1), 0x00u) << "nothing comes in";
  EXPECT_EQ(rig.console.text, "ok");
}

// SeaBIOS takes a port for a serial one when IER = 02h makes IIR 02h. Reading it there ends it
// (data sheet, interrupt control functions).
TEST(Com1, TellsTheTransmittersInterrupt) {
  Rig rig;
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x01u);
  rig.com1.write(0x3f9, 1, 0x02);
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x02u);
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x01u);
  rig.com1.write(0x3fa, 1, 0x01);
  rig.com1.write(0x3f8, 1, 'x');
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0xc2u) << "with the FIFOs' bits";
}

}  // namespace
}  // namespace vmm
