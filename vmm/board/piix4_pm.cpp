#include "vmm/board/piix4_pm.hpp"

namespace vmm {
namespace {

constexpr std::uint8_t kPmba = 0x40, kPmregmisc = 0x80;
constexpr std::uint32_t kApmcEn = 1u << 25;  // DEVACTB bit 25, byte 5Bh bit 1

// Data sheet, chapter 7: PCI configuration registers of function 3.
constexpr ConfigRegister kPmRegisters[] = {
    {0x00, 0x71138086, 0x00000000, "VID, DID"},
    {0x04, 0x02800000, 0x00000001,
     "PCICMD (I/O space of the SMBus), PCISTS (fast back-to-back, medium DEVSEL#)"},
    {0x08, 0x06800003, 0x00000000, "RID, CLASSC: other bridge"},
    {0x3c, 0x00000100, 0x000000ff, "INTLN, INTPN: INTA#"},
    {0x40, 0x00000001, 0x0000ffc0, "PMBA"},
    {0x44, 0x00000000, 0xffffffff, "CNTA"},
    {0x48, 0x00000000, 0x03ffffff, "CNTB"},
    {0x4c, 0x00000000, 0xffffffff, "GPICTL"},
    {0x50, 0x00000000, 0x00ffffff, "DEVRESD"},
    {0x54, 0x00000000, 0xffffffff, "DEVACTA"},
    {0x58, kApmcEn, 0xffffffff, "DEVACTB"},
    {0x5c, 0x00000000, 0xffffffff, "DEVRESA"},
    {0x60, 0x00000000, 0xffffffff, "DEVRESB"},
    {0x64, 0x00000000, 0xffffffff, "DEVRESC"},
    {0x68, 0x00000000, 0x003fffff, "DEVRESE"},
    {0x6c, 0x00000000, 0xffffffff, "DEVRESF"},
    {0x70, 0x00000000, 0x003fffff, "DEVRESG"},
    {0x74, 0x00000000, 0xffffffff, "DEVRESH"},
    {0x78, 0x00000000, 0xffffffff, "DEVRESI"},
    {0x7c, 0x00000000, 0xffffffff, "DEVRESJ"},
    {kPmregmisc, 0x00000000, 0x00000001, "PMREGMISC: PMIOSE"},
    {0x90, 0x00000001, 0x0000fff0, "SMBBA"},
    {0xd0, 0x00000000, 0xffff0000, "-, -, SMBHSTCFG, SMBSLVC"},
    {0xd4, 0x00000000, 0x0000ffff, "SMBSHDW1, SMBSHDW2, SMBREV"},
};

// The I/O block: PMSTS 00, PMEN 02, PMCNTRL 04, PMTMR 08, GPSTS 0C, GPEN 0E, PCNTRL 10, GLBSTS 18,
// DEVSTS 1C, GLBEN 20, GLBCTL 28, DEVCTL 2C, GPIREG 30, GPOREG 34. The status registers read 0: nothing ever
// happens.
constexpr unsigned kPmTimer = 0x08;
constexpr std::uint32_t kBlockWritable[Piix4Pm::kBlockSize / 4] = {
    0x05210000, 0x00001c07, 0x00000000, 0x0f010000, 0x00003e1f, 0x00000000, 0x00000000, 0x00000000,
    0x00000fff, 0x00000000, 0x0017ff07, 0xffffffff, 0x00000000, 0xffffffff, 0x00000000, 0x00000000,
};
constexpr std::uint32_t kSusEn = 0x2000, kSusType = 0x1c00;  // PMCNTRL bits 13 and 12:10

}  // namespace

Piix4Pm::Piix4Pm(const Clock& clock, PowerControl& power)
    : clock_(clock), power_(power), config_(kPmRegisters) {}

void Piix4Pm::reset() {
  config_.reset();
  block_ = {};
}

std::optional<std::uint16_t> Piix4Pm::base() {
  if (!(config_.read(kPmregmisc) & 1)) return std::nullopt;
  return static_cast<std::uint16_t>(config_.read(kPmba) & 0xffc0);
}

// 24 bits, as TMR_VAL_EXT = 0 has it.
std::uint32_t Piix4Pm::timer() const {
  const std::uint64_t ns = clock_.now_ns();
  return static_cast<std::uint32_t>(ns / kNsPerSecond * kTimerHertz +
                                    ns % kNsPerSecond * kTimerHertz / kNsPerSecond) &
         0x00ffffff;
}

std::uint32_t Piix4Pm::read_dword(unsigned offset) const {
  return offset == kPmTimer ? timer() : block_[offset / 4];
}

std::uint32_t Piix4Pm::read(std::uint16_t port, unsigned size) {
  const unsigned offset = port % kBlockSize;
  return read_dword(offset & ~3u) >> (8 * (offset & 3)) & 0xffffffffu >> (32 - 8 * size);
}

void Piix4Pm::write(std::uint16_t port, unsigned size, std::uint32_t value) {
  bool suspend = false;
  for (unsigned i = 0; i < size; ++i) {
    const unsigned offset = (port + i) % kBlockSize;
    const unsigned shift = 8 * (offset & 3);
    const std::uint32_t byte = (value >> (8 * i) & 0xff) << shift;
    const std::uint32_t writable = kBlockWritable[offset / 4] & (0xffu << shift);
    block_[offset / 4] = (block_[offset / 4] & ~writable) | (byte & writable);
    suspend |= offset == 5 && (byte & kSusEn) && !(byte & kSusType);
  }
  if (suspend) power_.power_off(0);
}

}  // namespace vmm
