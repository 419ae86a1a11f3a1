#include "vmm/board/cmos.hpp"

#include <algorithm>

namespace vmm {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

// MC146818 registers A to D.
enum Register : std::uint8_t { kRegA = 0x0a, kRegB = 0x0b, kRegC = 0x0c, kRegD = 0x0d, kCentury = 0x32 };
constexpr std::uint8_t kRegAReset = 0x26;  // 32.768 kHz time base, 1024 Hz rate
constexpr std::uint8_t kRegAUip = 0x80, kRegBSet = 0x80, kRegBBinary = 0x04, kRegB24Hours = 0x02;
constexpr std::uint8_t kRegDValid = 0x80;  // VRT: the battery is good

// Size fields: so many units beyond `from` up to `to`, over `bytes` bytes from `at`, low first. The one for
// RAM above 4 GiB (5Bh-5Dh) stays 0.
struct SizeField {
  std::uint8_t at, bytes;
  std::uint64_t from, to, unit;
};
constexpr SizeField kRamSizes[] = {
    {0x15, 2, 0, 640 * kKiB, kKiB},                // base memory
    {0x17, 2, 1 * kMiB, 64 * kMiB, kKiB},          // extended memory; 63 MiB at most
    {0x30, 2, 1 * kMiB, 64 * kMiB, kKiB},          // the same, as found by POST
    {0x34, 2, 16 * kMiB, 4096 * kMiB, 64 * kKiB},  // above 16 MiB
};

// Bytes with a fixed value.
struct Byte {
  std::uint8_t at, value;
};
constexpr Byte kBytes[] = {
    {0x0f, 0x00},  // shutdown status: none, so a reset runs POST
    {0x10, 0x00},  // no floppy drives: an image in fw_cfg is not in one
    {0x12, 0x00},  // no hard disks
    {0x38, 0x00},  // third boot device none (7:4); a floppy needs its 55AA (bit 0)
    {0x3d, 0x21},  // boot order: floppy (1), then hard disk (2)
    {0x3f, 0x01},  // fast boot: the Bochs BIOS shows no menu and so does not wait three seconds for a key
};
constexpr std::uint8_t kEquipment = 0x14, kEquipmentFpu = 0x02;
constexpr std::uint8_t kCpus = 0x5f;  // processors besides the first

void put(std::array<std::uint8_t, 128>& bytes, const SizeField& field, std::uint64_t size) {
  const std::uint64_t value = (std::clamp(size, field.from, field.to) - field.from) / field.unit;
  const std::uint64_t largest = (1ull << (8 * field.bytes)) - 1;
  for (unsigned i = 0; i < field.bytes; ++i) {
    bytes[field.at + i] = static_cast<std::uint8_t>(std::min(value, largest) >> (8 * i));
  }
}

}  // namespace

Cmos::Cmos(const Clock& clock, const CmosConfig& config) : rtc_(clock, config.rtc_start) {
  for (const SizeField& field : kRamSizes) put(bytes_, field, config.ram_bytes);
  for (const Byte& byte : kBytes) bytes_[byte.at] = byte.value;
  bytes_[kCpus] = static_cast<std::uint8_t>(std::clamp(config.cpus, 1u, 256u) - 1);
  bytes_[kEquipment] = config.coprocessor == Coprocessor::kFitted ? kEquipmentFpu : 0;
  bytes_[kCentury] = rtc_.century();
  bytes_[kRegA] = kRegAReset;
  bytes_[kRegB] = kRegB24Hours;
}

void Cmos::reset() {
  index_ = 0;
  bytes_[kRegA] = kRegAReset;
  write_register_b(kRegB24Hours);
}

std::uint32_t Cmos::read(std::uint16_t port, unsigned /*size*/) {
  return port == kDataPort ? read_data() : 0xff;  // the index is write-only (PIIX3)
}

void Cmos::write(std::uint16_t port, unsigned /*size*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if (port == kDataPort)
    write_data(byte);
  else
    index_ = byte & 0x7f;  // bit 7 masks NMI, of which there is none
}

std::uint8_t Cmos::read_data() {
  if (index_ < RtcClock::kBytes) return rtc_.read(index_);
  switch (index_) {
    case kRegA:
      return static_cast<std::uint8_t>(bytes_[kRegA] | (rtc_.update_in_progress() ? kRegAUip : 0));
    case kRegC:
      return 0;
    case kRegD:
      return kRegDValid;
    default:
      return bytes_[index_];
  }
}

void Cmos::write_data(std::uint8_t value) {
  if (index_ < RtcClock::kBytes) return rtc_.write(index_, value);
  if (index_ == kRegB) return write_register_b(value);
  bytes_[index_] = index_ == kRegA ? value & 0x7f : value;
}

void Cmos::write_register_b(std::uint8_t value) {
  bytes_[kRegB] = value | kRegB24Hours;
  rtc_.set_coding(value & kRegBBinary ? RtcClock::Coding::kBinary : RtcClock::Coding::kBcd);
  rtc_.set_updates(value & kRegBSet ? RtcClock::Updates::kHeld : RtcClock::Updates::kRunning);
}

}  // namespace vmm
