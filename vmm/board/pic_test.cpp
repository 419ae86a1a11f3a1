#include "vmm/board/pic.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

struct PicRig {
  PicRig() {
    const struct {
      std::uint16_t port;
      std::uint8_t value;
    } rows[] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x08}, {0xa1, 0x70}, {0x21, 0x04},
                {0xa1, 0x02}, {0x21, 0x01}, {0xa1, 0x01}, {0x21, 0x00}, {0xa1, 0x00}};
    for (const auto& row : rows) pic.write(row.port, 1, row.value);
  }
  void pulse(unsigned irq) {
    pic.raise(irq);
    pic.lower(irq);
  }
  fakes::FakePin pin;
  Pic pic{pin};
};

// Each IRQ's vector with the PC's bases 08h and 70h, and that one EOI to each chip concerned ends it.
TEST(Pic, AnswersEachIrqWithItsVector) {
  for (unsigned irq = 0; irq < 16; ++irq) {
    PicRig rig;
    rig.pulse(irq);
    if (irq == 2) {
      EXPECT_EQ(rig.pin.level, Level::kLow) << "the cascade is nobody's line";
      continue;
    }
    EXPECT_EQ(rig.pin.level, Level::kHigh) << irq;
    EXPECT_EQ(rig.pic.acknowledge(), irq < 8 ? 0x08 + irq : 0x70 + irq - 8);
    EXPECT_EQ(rig.pin.level, Level::kLow) << irq;
    if (irq >= 8) rig.pic.write(0xa0, 1, 0x20);
    rig.pic.write(0x20, 1, 0x20);
    rig.pulse(irq);
    EXPECT_EQ(rig.pin.level, Level::kHigh) << irq;
  }
}

// Fully nested: the slave's eight lie between IRQ 1 and IRQ 3.
TEST(Pic, ServesTheSlaveAtThePlaceOfItsInput) {
  PicRig rig;
  rig.pic.write(0x21, 1, 0xff);
  for (const unsigned irq : {15u, 3u, 1u, 8u, 0u, 7u}) rig.pulse(irq);
  rig.pic.write(0x21, 1, 0x00);
  std::vector<unsigned> order;
  while (rig.pin.level == Level::kHigh) {
    order.push_back(rig.pic.acknowledge());
    rig.pic.write(0xa0, 1, 0x20);
    rig.pic.write(0x20, 1, 0x20);
  }
  EXPECT_EQ(order, (std::vector<unsigned>{0x08, 0x09, 0x70, 0x77, 0x0b, 0x0f}));
}

TEST(Pic, MasksAtEitherChip) {
  struct Row {
    std::uint16_t port;
    std::uint8_t mask;
    unsigned irq;
    Level level;
  };
  const Row rows[] = {
      {0x21, 0x01, 0, Level::kLow}, {0x21, 0x01, 1, Level::kHigh}, {0x21, 0x04, 8, Level::kLow},
      {0xa1, 0x01, 8, Level::kLow}, {0xa1, 0x01, 9, Level::kHigh},
  };
  for (const Row& row : rows) {
    PicRig rig;
    rig.pic.write(row.port, 1, row.mask);
    rig.pulse(row.irq);
    EXPECT_EQ(rig.pin.level, row.level) << row.port << ' ' << row.irq;
    EXPECT_EQ(rig.pic.read(row.port, 1), row.mask);
  }
}

TEST(Pic, AnswersSpuriousInterrupts) {
  PicRig rig;
  EXPECT_EQ(rig.pic.acknowledge(), 0x0f) << "the master's IR7";
  rig.pic.write(0x4d1, 1, 0x04);  // IRQ 10 is a level
  rig.pic.raise(10);
  rig.pic.lower(10);
  EXPECT_EQ(rig.pin.level, Level::kLow);
  rig.pic.write(0x20, 1, 0x0b);
  EXPECT_EQ(rig.pic.read(0x20, 1), 0u) << "IR7 is not in service";
}

// PIIX3, ELCR1 and ELCR2: IRQ 0, 1, 2, 8 and 13 are edge-triggered, their bits reserved.
TEST(Pic, KeepsWhatElcrMay) {
  PicRig rig;
  rig.pic.write(0x4d0, 1, 0xff);
  rig.pic.write(0x4d1, 1, 0xff);
  EXPECT_EQ(rig.pic.read(0x4d0, 1), 0xf8u);
  EXPECT_EQ(rig.pic.read(0x4d1, 1), 0xdeu);
  rig.pic.reset();
  EXPECT_EQ(rig.pic.read(0x4d0, 1), 0u);
}

TEST(Pic, ResetTakesTheRequestBack) {
  PicRig rig;
  rig.pulse(0);
  rig.pic.reset();
  EXPECT_EQ(rig.pin.level, Level::kLow);
  EXPECT_EQ(rig.pin.changes, 2u);
}

}  // namespace
}  // namespace vmm
