#include "vmm/board/i8259.hpp"

#include <gtest/gtest.h>

namespace vmm {
namespace {

I8259 initialized(std::uint8_t icw4) {
  I8259 chip(I8259::Role::kSlave);
  chip.write_command(0x11);
  chip.write_data(0x70);
  chip.write_data(0x02);
  chip.write_data(icw4);
  return chip;
}

void pulse(I8259& chip, unsigned input) {
  chip.set_line(input, Level::kHigh);
  chip.set_line(input, Level::kLow);
}

// Figure 6, the initialization sequence: ICW3 unless SNGL, ICW4 if IC4, then the mask.
TEST(I8259, TakesAsManyControlWordsAsIcw1Says) {
  struct Row {
    std::uint8_t icw1;
    unsigned data_writes;  // before the mask is reached
  };
  const Row rows[] = {{0x10, 2}, {0x11, 3}, {0x12, 1}, {0x13, 2}};
  for (const Row& row : rows) {
    I8259 chip(I8259::Role::kMaster);
    chip.write_command(row.icw1);
    for (unsigned i = 0; i < row.data_writes; ++i) {
      chip.write_data(0x01);
      EXPECT_EQ(chip.read_data(), 0) << "ICW1 clears the mask, and no ICW is it";
    }
    chip.write_data(0x5a);
    EXPECT_EQ(chip.read_data(), 0x5a) << unsigned{row.icw1};
  }
}

// Fully nested mode: "IR0 has the highest priority and IR7 the lowest", and while an ISR bit is set, requests
// of the same or lower priority wait.
TEST(I8259, ServesByFixedPriority) {
  struct Row {
    unsigned serving, wanted;
    Level intr;
  };
  const Row rows[] = {{3, 2, Level::kHigh},
                      {3, 3, Level::kLow},
                      {3, 4, Level::kLow},
                      {7, 0, Level::kHigh},
                      {0, 7, Level::kLow}};
  for (const Row& row : rows) {
    I8259 chip = initialized(0x01);
    pulse(chip, row.serving);
    EXPECT_EQ(chip.vector(chip.take()), 0x70 + row.serving);
    pulse(chip, row.wanted);
    EXPECT_EQ(chip.intr(), row.intr) << row.serving << ' ' << row.wanted;
  }
}

// OCW2, figure 8: what it ends of inputs 2 and 4 in service, and which input is served first when all ask
// after.
TEST(I8259, EndsAndRotatesByOcw2) {
  struct Row {
    std::uint8_t ocw2;
    std::uint8_t isr_after;
    unsigned first_after;
  };
  const Row rows[] = {
      {0x20, 0x10, 0},  // non-specific EOI: the highest in service
      {0x64, 0x04, 0},  // specific EOI of 4
      {0xa0, 0x10, 3},  // rotate on non-specific EOI: 2 becomes lowest
      {0xe4, 0x04, 5},  // rotate on specific EOI of 4
      {0xc6, 0x14, 7},  // set priority: 6 lowest
      {0x40, 0x14, 0},  // no operation
  };
  for (const Row& row : rows) {
    I8259 chip = initialized(0x01);
    pulse(chip, 4);
    chip.take();
    pulse(chip, 2);
    chip.take();
    chip.write_command(row.ocw2);
    chip.write_command(0x0b);  // read ISR
    EXPECT_EQ(chip.read_command(), row.isr_after) << unsigned{row.ocw2};

    chip.write_command(0x62);
    chip.write_command(0x64);  // nothing in service
    for (unsigned input = 0; input < 8; ++input) pulse(chip, input);
    EXPECT_EQ(chip.take(), row.first_after) << unsigned{row.ocw2};
  }
}

TEST(I8259, LatchesAnEdgeAndFollowsALevel) {
  I8259 chip = initialized(0x01);
  chip.set_elcr(0x08);
  pulse(chip, 1);
  pulse(chip, 3);
  EXPECT_EQ(chip.read_command(), 0x02) << "a level that has gone is no request";
  chip.set_line(3, Level::kHigh);
  chip.take();
  chip.write_command(0x20);
  chip.take();
  chip.write_command(0x20);
  EXPECT_EQ(chip.intr(), Level::kHigh) << "a level asks until it falls";
  chip.set_line(3, Level::kLow);
  EXPECT_EQ(chip.intr(), Level::kLow);
}

TEST(I8259, AnEdgeNeedsALowBeforeTheNext) {
  I8259 chip = initialized(0x01);
  chip.set_line(5, Level::kHigh);
  chip.take();
  chip.write_command(0x20);
  chip.set_line(5, Level::kHigh);
  EXPECT_EQ(chip.intr(), Level::kLow);
}

// "If the IR input goes low before this time a DEFAULT IR7 will occur", and its ISR bit stays clear.
TEST(I8259, AnswersInput7WhenTheRequestHasGone) {
  I8259 chip = initialized(0x01);
  EXPECT_EQ(chip.vector(chip.take()), 0x77);
  chip.write_command(0x0b);
  EXPECT_EQ(chip.read_command(), 0);
}

TEST(I8259, AutomaticEoiPutsNothingInService) {
  I8259 chip = initialized(0x03);
  pulse(chip, 0);
  chip.take();
  chip.write_command(0x0b);
  EXPECT_EQ(chip.read_command(), 0);
  chip.write_command(0x80);  // rotate in automatic EOI mode
  pulse(chip, 2);
  chip.take();
  for (unsigned input = 0; input < 8; ++input) pulse(chip, input);
  EXPECT_EQ(chip.take(), 3u);
}

// Special mask mode: a masked input in service holds back no other, lower ones neither.
TEST(I8259, SpecialMaskLetsLowerRequestsThrough) {
  I8259 chip = initialized(0x01);
  pulse(chip, 2);
  chip.take();
  pulse(chip, 5);
  EXPECT_EQ(chip.intr(), Level::kLow);
  chip.write_data(0x04);
  chip.write_command(0x68);
  EXPECT_EQ(chip.intr(), Level::kHigh);
  chip.write_command(0x48);
  EXPECT_EQ(chip.intr(), Level::kLow);
}

// The poll word: bit 7 says that there is an interrupt, bits 2:0 which.
TEST(I8259, PollTakesTheRequestIntoService) {
  I8259 chip = initialized(0x01);
  pulse(chip, 6);
  chip.write_command(0x0c);
  EXPECT_EQ(chip.read_command(), 0x86);
  EXPECT_EQ(chip.read_command(), 0x00) << "one read a poll; then IRR again";
  chip.write_command(0x0c);
  EXPECT_EQ(chip.read_command(), 0x00) << "nobody asks";
  chip.write_command(0x0b);
  EXPECT_EQ(chip.read_command(), 0x40);
}

}  // namespace
}  // namespace vmm
