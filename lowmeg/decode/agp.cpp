#include "lowmeg/decode/agp.hpp"

#include <bit>

namespace lowmeg::decode {
namespace {

constexpr std::uint32_t kApertureEnable = 1u << 9;        // NBXCFG 9, aperture access global enable
constexpr std::uint32_t kNoPciToAperture = 1u << 10;      // NBXCFG 10, PCI agent to aperture access disable
constexpr std::uint32_t kMdaPresent = 1u << 5;            // NBXCFG 5, MDAP
constexpr std::uint8_t kAgpDisabled = 0x02;               // PMCR 1, AGP_DIS
constexpr std::uint16_t kMemoryEnable = 0x0002;           // PCICMD1 1
constexpr std::uint8_t kVgaEnable = 0x08;                 // BCTRL 3
constexpr std::uint64_t kLargestAperture = 256ull << 20;  // APSIZE 00; 3Fh is 4 MiB

// Base and limit: bits 15:4 are address bits 31:20, the limit's lower bits count as ones.
GpaRange window(std::uint16_t base, std::uint16_t limit) {
  const Gpa start = static_cast<Gpa>(base & 0xfff0) << 16;
  const Gpa end = (static_cast<Gpa>(limit & 0xfff0) << 16) + 0x100000;
  return start < end ? GpaRange(start, end) : GpaRange();
}

bool has_device_1(const DecodeRegisters& registers) {
  return !(registers.pmcr & kAgpDisabled);
}

}  // namespace

GpaRange aperture(const DecodeRegisters& registers, View view) {
  if (!has_device_1(registers) || !(registers.nbxcfg & kApertureEnable)) return {};
  if (view == View::kBusMaster && (registers.nbxcfg & kNoPciToAperture)) return {};
  // Each leading one of APSIZE 5:0 makes a bit of APBASE 27:22 count. A value with ones after a zero has no
  // meaning in the data sheet; those ones are ignored.
  const auto upper = static_cast<std::uint8_t>(registers.apsize << 2);
  const std::uint64_t size = kLargestAperture >> std::countl_one(upper);
  const Gpa start = registers.apbase & ~(size - 1);
  return {start, start + size};
}

std::array<GpaRange, 2> agp_windows(const DecodeRegisters& registers) {
  const AgpBridgeRegisters& agp = registers.agp;
  if (!has_device_1(registers) || !(agp.pcicmd1 & kMemoryEnable)) return {};
  return {window(agp.mbase, agp.mlimit), window(agp.pmbase, agp.pmlimit)};
}

std::array<GpaRange, 2> agp_vga(const DecodeRegisters& registers, View view) {
  if (view == View::kBusMaster) return {};
  if (!has_device_1(registers) || !(registers.agp.bctrl & kVgaEnable)) return {};
  if (registers.nbxcfg & kMdaPresent) return {GpaRange(0xa0000, 0xb0000), GpaRange(0xb8000, 0xc0000)};
  return {GpaRange(0xa0000, 0xc0000), GpaRange()};
}

}  // namespace lowmeg::decode
