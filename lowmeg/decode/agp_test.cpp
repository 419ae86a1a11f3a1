#include "lowmeg/decode/agp.hpp"

#include <gmock/gmock.h>

namespace lowmeg::decode {
namespace {

using testing::ElementsAre;

constexpr GpaRange kNothing;

// "APSIZE: 00 = 256 MB ... 3F = 4 MB"; its zeros make APBASE's bits of the same number count as 0.
TEST(Aperture, HasTheSizeOfApsize) {
  struct Row {
    std::uint8_t apsize;
    std::uint32_t apbase;
    GpaRange range;
  };
  const Row rows[] = {
      {0x3f, 0xe0400008, {0xe0400000, 0xe0800000}},
      {0x3e, 0xe0c00008, {0xe0800000, 0xe1000000}},
      {0x3c, 0xe1400008, {0xe1000000, 0xe2000000}},
      {0x38, 0xe3000008, {0xe2000000, 0xe4000000}},
      {0x30, 0xe5000008, {0xe4000000, 0xe8000000}},
      {0x20, 0xe9000008, {0xe8000000, 0xf0000000}},
      {0x00, 0xefc00008, {0xe0000000, 0xf0000000}},
      {0x00, 0xf0000008, {0xf0000000, 0x100000000}},  // up to the end of 4 GiB
      {0x1f, 0xe9000008, {0xe0000000, 0xf0000000}},   // no size: ones after a zero are ignored, our choice
      {0x2f, 0xe9000008, {0xe8000000, 0xf0000000}},
      {0xc0, 0xe9000008, {0xe0000000, 0xf0000000}},  // bits 7:6 are reserved
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << std::hex << unsigned{row.apsize} << " " << row.apbase);
    DecodeRegisters registers;
    registers.nbxcfg = 1 << 9;
    registers.apsize = row.apsize;
    registers.apbase = row.apbase;
    EXPECT_EQ(aperture(registers, View::kCpu), row.range);
  }
}

// "NBXCFG: 10 PCI-agent access to aperture disable; 9 aperture access global enable."
TEST(Aperture, IsEnabledByNbxcfg) {
  struct Row {
    std::uint32_t nbxcfg;
    bool cpu, master;
  };
  const Row rows[] = {{0, false, false},     {1 << 9, true, true},       {1 << 10, false, false},
                      {3 << 9, true, false}, {~(3u << 9), false, false}, {~0u, true, false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.nbxcfg);
    DecodeRegisters registers;
    registers.nbxcfg = row.nbxcfg;
    registers.apbase = 0xe0000008;
    EXPECT_EQ(!aperture(registers, View::kCpu).empty(), row.cpu);
    EXPECT_EQ(!aperture(registers, View::kCpuSmm).empty(), row.cpu);
    EXPECT_EQ(!aperture(registers, View::kBusMaster).empty(), row.master);
  }
}

DecodeRegisters with_agp(const AgpBridgeRegisters& agp) {
  DecodeRegisters registers;
  registers.agp = agp;
  return registers;
}

// "Memory_Base_Address <= Address <= Memory_Limit_Address", bits 15:4 being address bits 31:20.
TEST(AgpWindows, AreBaseAndLimit) {
  struct Row {
    std::uint16_t base, limit;
    GpaRange range;
  };
  const Row rows[] = {
      {0xe000, 0xe000, {0xe0000000, 0xe0100000}},
      {0xe00f, 0xe00f, {0xe0000000, 0xe0100000}},
      {0xe010, 0xe3f0, {0xe0100000, 0xe4000000}},
      {0xfff0, 0xfff0, {0xfff00000, 0x100000000}},
      {0x0000, 0xfff0, {0, 0x100000000}},
      {0xe010, 0xe000, kNothing},
      {0xfff0, 0x0000, kNothing},  // as they are after reset
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << std::hex << row.base << " " << row.limit);
    const AgpBridgeRegisters first{2, row.base, row.limit, 0xfff0, 0, 0},
        second{2, 0xfff0, 0, row.base, row.limit, 0};
    EXPECT_THAT(agp_windows(with_agp(first)), ElementsAre(row.range, kNothing));
    EXPECT_THAT(agp_windows(with_agp(second)), ElementsAre(kNothing, row.range));
  }
}

// Device 1 must be there (PMCR bit 1 is 0), and its windows be enabled by PCICMD1 bit 1.
TEST(AgpWindows, NeedDevice1AndItsMemorySpace) {
  const GpaRange window(0xe0000000, 0xe0100000);
  struct Row {
    std::uint8_t pmcr;
    std::uint16_t pcicmd1;
    GpaRange range;
  };
  const Row rows[] = {
      {0, 2, window}, {0xfd, 0xffff, window}, {0x02, 2, kNothing}, {0, 0, kNothing}, {0, 0xfffd, kNothing}};
  for (const Row& row : rows) {
    DecodeRegisters registers = with_agp({row.pcicmd1, 0xe000, 0xe000, 0xe000, 0xe000, 0});
    registers.pmcr = row.pmcr;
    EXPECT_THAT(agp_windows(registers), ElementsAre(row.range, row.range));
  }
}

// "VGA_EN=0: PCI; VGA_EN=1, MDAP=0: AGP; VGA_EN=1, MDAP=1: AGP except B0000-B7FFF."
TEST(AgpVga, IsSteeredByVgaEnAndMdap) {
  struct Row {
    std::uint8_t bctrl, pmcr;
    std::uint32_t nbxcfg;
    GpaRange first, second;
  };
  const GpaRange all(0xa0000, 0xc0000), graphics(0xa0000, 0xb0000), colour(0xb8000, 0xc0000);
  const Row rows[] = {
      {0x00, 0x00, 0x00, kNothing, kNothing}, {0xf7, 0x00, 0x20, kNothing, kNothing},
      {0x08, 0x00, 0x00, all, kNothing},      {0x08, 0x00, 0x20, graphics, colour},
      {0x08, 0x00, ~0x20u, all, kNothing},    {0x08, 0x02, 0x00, kNothing, kNothing},
  };
  for (const Row& row : rows) {
    DecodeRegisters registers = with_agp({0, 0xfff0, 0, 0xfff0, 0, row.bctrl});
    registers.pmcr = row.pmcr;
    registers.nbxcfg = row.nbxcfg;
    EXPECT_THAT(agp_vga(registers, View::kCpu), ElementsAre(row.first, row.second));
    EXPECT_THAT(agp_vga(registers, View::kCpuSmm), ElementsAre(row.first, row.second));
    // The bridge claims from PCI "memory write accesses to AGP memory range defined by MBASE, MLIMIT, PMBASE,
    // and PMLIMIT", and nothing of VGA.
    EXPECT_THAT(agp_vga(registers, View::kBusMaster), ElementsAre(kNothing, kNothing));
  }
}

}  // namespace
}  // namespace lowmeg::decode
