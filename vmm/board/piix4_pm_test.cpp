#include "vmm/board/piix4_pm.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

using lowmeg::bridge::ByteEnables;

struct PowerRig {
  void configure(std::uint8_t offset, std::uint32_t value) {
    EXPECT_TRUE(pm.function().write(offset, value, ByteEnables::all()));
  }
  void open(std::uint16_t base) {
    configure(0x40, base);
    configure(0x80, 1);
  }
  fakes::FakeClock clock;
  fakes::FakePower power;
  Piix4Pm pm{clock, power};
};

TEST(Piix4Pm, LooksAsFirmwareExpects) {
  PowerRig rig;
  EXPECT_EQ(rig.pm.function().read(0x00), 0x71138086u);
  EXPECT_EQ(rig.pm.function().read(0x08) >> 16, 0x0680u);
  EXPECT_EQ(rig.pm.function().read(0x3c), 0x0100u) << "INTA#";
  EXPECT_EQ(rig.pm.function().read(0x58), 0x02000000u) << "APMC_EN: SMM is set up already";
}

// PMBA bits 15:6 and PMREGMISC bit 0 open the block.
TEST(Piix4Pm, ItsBlockLiesWherePmbaSays) {
  struct Row {
    std::uint32_t pmba = 0, pmregmisc = 0;
    std::optional<std::uint16_t> base;
  };
  const Row rows[] = {
      {0xb001, 0, std::nullopt}, {0xb001, 1, 0xb000}, {0xffffffff, 0xff, 0xffc0}, {0x0000, 1, 0x0000}};
  for (const Row& row : rows) {
    PowerRig rig;
    rig.configure(0x40, row.pmba);
    rig.configure(0x80, row.pmregmisc);
    EXPECT_EQ(rig.pm.base(), row.base) << row.pmba;
    EXPECT_EQ(rig.pm.function().read(0x40) & 1, 1u) << "an I/O space";
    rig.pm.reset();
    EXPECT_EQ(rig.pm.base(), std::nullopt);
  }
}

// PMTMR: 3.579545 MHz, 24 bits.
TEST(Piix4Pm, CountsTime) {
  struct Row {
    std::uint64_t ns;
    std::uint32_t timer;
  };
  const Row rows[] = {
      {0, 0}, {1'000'000'000, 3579545}, {5'000'000'000, 5 * 3579545 - (1 << 24)}, {279, 0}, {280, 1}};
  for (const Row& row : rows) {
    PowerRig rig;
    rig.open(0xb000);
    rig.clock.ns = row.ns;
    EXPECT_EQ(rig.pm.read(0xb008, 4), row.timer) << row.ns;
    EXPECT_EQ(rig.pm.read(0xb009, 2), row.timer >> 8 & 0xffff) << "any size and place";
    rig.pm.write(0xb008, 4, 0);
    EXPECT_EQ(rig.pm.read(0xb008, 4), row.timer) << "read-only";
  }
}

// PMCNTRL: SUS_EN with SUS_TYP 000 is soft off; other types do nothing here.
TEST(Piix4Pm, TurnsOff) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    std::vector<int> statuses;
  };
  const Row rows[] = {
      {0xb004, 2, 0x2000, {0}}, {0xb004, 2, 0x2001, {0}}, {0xb005, 1, 0x20, {0}},  {0xb004, 4, 0x2000, {0}},
      {0xb004, 2, 0x3400, {}},  {0xb004, 1, 0x20, {}},    {0xb006, 2, 0x2000, {}},
  };
  for (const Row& row : rows) {
    PowerRig rig;
    rig.open(0xb000);
    rig.pm.write(row.port, row.size, row.value);
    EXPECT_EQ(rig.power.statuses, row.statuses) << row.port << ' ' << row.value;
  }
}

TEST(Piix4Pm, KeepsEnablesAndNoStatus) {
  PowerRig rig;
  rig.open(0xb000);
  rig.pm.write(0xb000, 4, 0xffffffff);
  EXPECT_EQ(rig.pm.read(0xb000, 4), 0x05210000u) << "PMSTS 0, PMEN";
  rig.pm.write(0xb03f, 1, 0xff);
  EXPECT_EQ(rig.pm.read(0xb03c, 4), 0u);
}

}  // namespace
}  // namespace vmm
