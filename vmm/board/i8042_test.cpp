#include "vmm/board/i8042.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

using Bytes = std::vector<unsigned>;

struct KeyboardRig {
  /// What is in the buffer: 60h for as long as bit 0 of 64h is set.
  Bytes drain() {
    Bytes bytes;
    while (i8042.read(0x64, 1) & 1) bytes.push_back(i8042.read(0x60, 1));
    return bytes;
  }
  fakes::FakePower power;
  fakes::FakeA20 pin;
  A20Gate gate{pin};
  I8042 i8042{power, gate};
};

// A command to 64h, and what comes back.
TEST(I8042, AnswersCommands) {
  struct Row {
    unsigned command;
    Bytes answer;
  };
  const Row rows[] = {
      {0xaa, {0x55}}, {0xab, {0x00}}, {0xa9, {0x00}}, {0xc0, {0x80}}, {0xe0, {0x00}}, {0x20, {0x61}},
      {0xd0, {0xcf}}, {0xad, {}},     {0xae, {}},     {0x77, {}},     {0xff, {}},
  };
  for (const Row& row : rows) {
    KeyboardRig rig;
    rig.i8042.write(0x64, 1, row.command);
    EXPECT_EQ(rig.drain(), row.answer) << row.command;
    EXPECT_EQ(rig.power.resets, 0u);
  }
}

// A byte to 60h goes to the keyboard.
TEST(I8042, TheKeyboardAcknowledges) {
  struct Row {
    unsigned byte;
    Bytes answer;
  };
  const Row rows[] = {{0xff, {0xfa, 0xaa}}, {0xf5, {0xfa}}, {0xed, {0xfa}},
                      {0x02, {0xfa}},       {0xee, {0xee}}, {0xf2, {0xfa, 0xab, 0x83}}};
  for (const Row& row : rows) {
    KeyboardRig rig;
    rig.i8042.write(0x60, 1, row.byte);
    EXPECT_EQ(rig.drain(), row.answer) << row.byte;
  }
}

// Commands with a parameter, and the command that shows what it did.
TEST(I8042, TakesParameters) {
  struct Row {
    unsigned command, parameter, show;
    Bytes answer;
  };
  const Row rows[] = {
      {0x60, 0x47, 0x20, {0x47}},  // command byte
      {0xd1, 0x03, 0xd0, {0x03}},  // output port: A20 on
      {0xd1, 0x01, 0xd0, {0x01}},  // A20 off, read back
      {0xd2, 0x1c, 0x77, {0x1c}},  // as if the keyboard had sent it
      {0xd4, 0xf4, 0x77, {}},      // to the mouse, which is not there
  };
  for (const Row& row : rows) {
    KeyboardRig rig;
    rig.i8042.write(0x64, 1, row.command);
    rig.i8042.write(0x60, 1, row.parameter);
    rig.i8042.write(0x64, 1, row.show);
    EXPECT_EQ(rig.drain(), row.answer) << row.command;
  }
}

TEST(I8042, ChangesBitsByCommand) {
  struct Row {
    unsigned command, show, value;
  };
  const Row rows[] = {{0xa7, 0x20, 0x61}, {0xa8, 0x20, 0x41}, {0xad, 0x20, 0x71},
                      {0xae, 0x20, 0x61}, {0xdd, 0xd0, 0xcd}, {0xdf, 0xd0, 0xcf}};
  for (const Row& row : rows) {
    KeyboardRig rig;
    rig.i8042.write(0x64, 1, row.command);
    rig.i8042.write(0x64, 1, row.show);
    EXPECT_EQ(rig.drain(), Bytes{row.value}) << row.command;
  }
}

// Commands F0h to FFh pulse those of the output port's low bits that are 0 in them; bit 0 is the reset.
TEST(I8042, ResetsTheMachine) {
  KeyboardRig rig;
  rig.i8042.write(0x64, 1, 0xfe);
  rig.i8042.write(0x64, 1, 0xd1);
  rig.i8042.write(0x60, 1, 0x02);
  EXPECT_THAT(rig.power.causes, testing::ElementsAre(kResetByKeyboardController, kResetByKeyboardController));
}

TEST(I8042, StatusTellsTheStory) {
  KeyboardRig rig;
  EXPECT_EQ(rig.i8042.read(0x64, 1), 0x10u);
  rig.i8042.write(0x64, 1, 0xaa);
  EXPECT_EQ(rig.i8042.read(0x64, 1), 0x1du) << "a command was last, self-test passed, a byte waits";
  EXPECT_EQ(rig.i8042.read(0x60, 1), 0x55u);
  EXPECT_EQ(rig.i8042.read(0x60, 1), 0x55u) << "an empty buffer reads as the last byte";
  rig.i8042.write(0x60, 1, 0xf4);
  EXPECT_EQ(rig.i8042.read(0x64, 1), 0x15u);
  rig.i8042.reset();
  EXPECT_EQ(rig.i8042.read(0x64, 1), 0x10u);
}

TEST(I8042, TheBufferHasAnEnd) {
  KeyboardRig rig;
  for (int i = 0; i < 1000; ++i) rig.i8042.write(0x60, 1, 0xff);
  EXPECT_EQ(rig.drain().size(), 17u);
}

}  // namespace
}  // namespace vmm
