#include "vmm/board/com1.hpp"

#include <gtest/gtest.h>

#include <string>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

struct Com1Rig {
  void receive(const std::string& text) {
    com1.receive({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  unsigned read(std::uint16_t port) { return com1.read(port, 1); }
  void write(std::uint16_t port, unsigned value) { com1.write(port, 1, value); }
  fakes::FakeConsole console;
  fakes::FakeLines lines;
  Com1 com1{console, lines};
};
constexpr std::uint16_t kRbr = 0x3f8, kIer = 0x3f9, kIir = 0x3fa, kLcr = 0x3fb, kMcr = 0x3fc, kLsr = 0x3fd;

// What each register reads after all ones were written to it.
TEST(Com1, KeepsWhatItsRegistersHold) {
  struct Row {
    std::uint16_t port;
    unsigned reads;
  };
  const Row rows[] = {{0x3f9, 0x0f}, {0x3fb, 0xff}, {0x3fc, 0x1f},
                      {0x3fd, 0x60}, {0x3fe, 0xb0}, {0x3ff, 0xff}};
  for (const Row& row : rows) {
    Com1Rig rig;
    rig.com1.write(row.port, 1, 0xff);
    EXPECT_EQ(rig.com1.read(row.port, 1), row.reads) << row.port;
    rig.com1.reset();
    EXPECT_EQ(rig.com1.read(row.port, 1), row.port == 0x3fd ? 0x60u : row.port == 0x3fe ? 0xb0u : 0u);
  }
}

TEST(Com1, SendsAtOnceUnlessTheDivisorIsOpen) {
  Com1Rig rig;
  for (const char c : {'o', 'k'}) rig.com1.write(0x3f8, 1, static_cast<unsigned>(c));
  rig.com1.write(0x3fb, 1, 0x83);
  rig.com1.write(0x3f8, 1, 0x01);
  rig.com1.write(0x3f9, 1, 0x02);
  EXPECT_EQ(rig.com1.read(0x3f8, 1), 0x01u);
  EXPECT_EQ(rig.com1.read(0x3f9, 1), 0x02u);
  rig.com1.write(0x3fb, 1, 0x03);
  EXPECT_EQ(rig.com1.read(0x3f8, 1), 0x00u) << "nothing has come in";
  EXPECT_EQ(rig.console.text, "ok");
}

// SeaBIOS takes a port for a serial one when IER = 02h makes IIR 02h. Reading it there ends it
// (data sheet, interrupt control functions).
TEST(Com1, TellsTheTransmittersInterrupt) {
  Com1Rig rig;
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x01u);
  rig.com1.write(0x3f9, 1, 0x02);
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x02u);
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0x01u);
  rig.com1.write(0x3fa, 1, 0x01);
  rig.com1.write(0x3f8, 1, 'x');
  EXPECT_EQ(rig.com1.read(0x3fa, 1), 0xc2u) << "with the FIFOs' bits";
}

// Data ready while something waits (data sheet, line status register, bit 0); a FIFO's reset drops nothing.
TEST(Com1, GivesWhatComesInByteByByte) {
  Com1Rig rig;
  EXPECT_EQ(rig.read(kLsr), 0x60u);
  rig.receive("ab");
  rig.receive("c");
  rig.write(kIir, 0x07);
  for (const char c : {'a', 'b', 'c'}) {
    EXPECT_EQ(rig.read(kLsr), 0x61u);
    EXPECT_FALSE(rig.com1.has_read_all());
    rig.write(kLcr, 0x80);
    EXPECT_EQ(rig.read(kRbr), 0u) << "the divisor's, and nothing is taken";
    rig.write(kLcr, 0x03);
    EXPECT_EQ(rig.read(kRbr), static_cast<unsigned>(c));
  }
  EXPECT_EQ(rig.read(kLsr), 0x60u);
  EXPECT_TRUE(rig.com1.has_read_all());
  EXPECT_EQ(rig.read(kRbr), 0u);
  rig.receive("d");
  rig.com1.reset();
  EXPECT_EQ(rig.read(kRbr), unsigned{'d'}) << "it waits at the other end";
}

// The line is high while IIR has a cause and OUT2 is set; data comes before the transmitter (data sheet,
// table IV).
TEST(Com1, RaisesIrq4) {
  Com1Rig rig;
  rig.write(kIer, 0x01);
  rig.receive("ab");
  EXPECT_EQ(rig.read(kIir), 0x04u);
  EXPECT_EQ(rig.lines.log, "") << "OUT2 is closed";
  rig.write(kMcr, 0x08);
  EXPECT_EQ(rig.lines.log, "+4");
  rig.write(kIer, 0x03);
  EXPECT_EQ(rig.read(kIir), 0x04u);
  rig.read(kRbr);
  EXPECT_EQ(rig.lines.log, "+4") << "one more waits";
  rig.read(kRbr);
  EXPECT_EQ(rig.lines.log, "+4") << "the transmitter's cause is left";
  EXPECT_EQ(rig.read(kIir), 0x02u);
  EXPECT_EQ(rig.lines.log, "+4-4");
  rig.write(kRbr, 'x');
  EXPECT_EQ(rig.lines.log, "+4-4+4");
  rig.write(kIer, 0x00);
  EXPECT_EQ(rig.lines.log, "+4-4+4-4");
  rig.receive("c");
  EXPECT_EQ(rig.lines.log, "+4-4+4-4") << "not asked for";
  rig.write(kIer, 0x01);
  rig.com1.reset();
  EXPECT_EQ(rig.lines.log, "+4-4+4-4+4-4");
}

}  // namespace
}  // namespace vmm
