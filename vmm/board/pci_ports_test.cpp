#include "vmm/board/pci_ports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

// Fails each write.
class Faulty final : public lowmeg::bridge::ConfigFunction {
 public:
  std::uint32_t read(std::uint8_t /*offset*/) override { return 0x12378086; }
  lowmeg::Result<void> write(std::uint8_t /*offset*/, std::uint32_t /*value*/,
                             lowmeg::bridge::ByteEnables /*enables*/) override {
    return lowmeg::fail(lowmeg::Errc::kClosed, "gone");
  }
};

struct PortsRig {
  PortsRig() { config.place(0, 0, function); }
  Faulty function;
  lowmeg::bridge::ConfigPorts config;
  fakes::FakePower power;
  ResetControl reset_control{power};
  fakes::FakeFaults faults;
  fakes::FakeObserver observer;
  PciPorts ports{config, reset_control, faults, observer};
};

// Cycles that begin at CF9h are the PIIX3's, all else at CF8h-CFFh the bridge's; a write that fails is a
// fault.
TEST(PciPorts, ShareTheRange) {
  struct Row {
    std::uint16_t port;
    unsigned size;
    std::uint32_t value;
    unsigned resets;
    const char* observed;
    std::size_t faults;
  };
  const Row rows[] = {
      {0xcf8, 4, 0x80000000, 0, "", 0}, {0xcf9, 1, 0x06, 1, "", 0},     {0xcf9, 2, 0x0606, 1, "", 0},
      {0xcf9, 3, 0x000006, 1, "", 0},   {0xcf9, 3, 0x060600, 0, "", 0}, {0xcf8, 2, 0x0600, 0, "", 0},
      {0xcf8, 3, 0x060606, 0, "", 0},   {0xcf8, 1, 0x80, 0, "", 0},     {0xcfa, 1, 0x06, 0, "", 0},
      {0xcfa, 2, 0x0606, 0, "", 0},     {0xcfb, 1, 0x06, 0, "", 0},     {0xcfc, 4, 0, 0, "", 1},
      {0xcff, 1, 0, 0, "", 1},          {0xcfd, 3, 0, 0, "", 1},
  };
  for (const Row& row : rows) {
    PortsRig rig;
    rig.ports.write(0xcf8, 4, 0x80000000);
    rig.ports.write(row.port, row.size, row.value);
    EXPECT_EQ(rig.power.resets, row.resets) << row.port;
    EXPECT_EQ(rig.observer.log, row.observed) << row.port;
    EXPECT_EQ(rig.faults.errors.size(), row.faults) << row.port;
  }
}

TEST(PciPorts, ReadFromTheirOwners) {
  PortsRig rig;
  rig.ports.write(0xcf8, 4, 0x80000000);
  rig.ports.write(0xcf9, 1, 0xfb);
  EXPECT_EQ(rig.ports.read(0xcf9, 1), 0x03u);
  EXPECT_EQ(rig.ports.read(0xcf9, 2), 0xff03u);
  EXPECT_EQ(rig.ports.read(0xcf9, 3), 0xffff03u);
  EXPECT_EQ(rig.ports.read(0xcf8, 2), 0xffffu) << "nobody's";
  EXPECT_EQ(rig.ports.read(0xcf8, 4), 0x80000000u);
  EXPECT_EQ(rig.ports.read(0xcfc, 4), 0x12378086u);
  EXPECT_EQ(rig.ports.read(0xcfe, 2), 0x1237u);
}

// "Told after each access to CONFDATA": not of CONFADD, not of CF9h, not of a write that failed.
TEST(PciPorts, TellOfAccessesToData) {
  PortsRig rig;
  rig.ports.write(0xcf8, 4, 0x80000000);
  rig.ports.write(0xcf9, 1, 0x02);
  rig.ports.read(0xcf8, 4);
  EXPECT_EQ(rig.observer.log, "");
  rig.ports.read(0xcfc, 4);
  rig.ports.read(0xcff, 1);
  rig.ports.write(0xcfc, 4, 0);  // fails
  EXPECT_EQ(rig.observer.log, "rr");
  rig.ports.write(0xcf8, 4, 0x80000800);  // nobody there
  rig.ports.write(0xcfe, 2, 0);
  rig.ports.read(0xcfa, 2);
  EXPECT_EQ(rig.observer.log, "rrw");
}

// RCR: a reset each time that bit 2 goes from 0 to 1.
TEST(ResetControl, ResetsOnARiseOfBit2) {
  fakes::FakePower power;
  ResetControl control(power);
  struct Row {
    unsigned value, reads, resets;
  };
  const Row rows[] = {{0x02, 0x02, 0}, {0x06, 0x06, 1}, {0x04, 0x04, 1}, {0xf8, 0x00, 1}, {0xff, 0x07, 2},
                      {0x02, 0x02, 2}, {0x00, 0x00, 2}, {0x04, 0x04, 3}, {0x06, 0x06, 3}};
  for (const Row& row : rows) {
    control.write(0xcf9, 1, row.value);
    EXPECT_EQ(control.read(0xcf9, 1), row.reads);
    EXPECT_EQ(power.resets, row.resets) << row.value;
  }
  EXPECT_THAT(power.causes, testing::ElementsAre(kHardResetByCf9, kHardResetByCf9, kSoftResetByCf9));
}

}  // namespace
}  // namespace vmm
