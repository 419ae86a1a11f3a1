#include "vmm/board/vga_dac.hpp"

namespace vmm {
namespace {

enum DacPort : unsigned { kPelMask = 0, kReadIndex = 1, kWriteIndex = 2, kPaletteData = 3 };

constexpr std::uint8_t kSixBits = 0x3f;

}  // namespace

std::uint8_t VgaDac::read(unsigned offset) {
  if (offset == kPelMask) return pel_mask_;
  if (offset == kReadIndex) return static_cast<std::uint8_t>(state_);
  if (offset == kWriteIndex) return static_cast<std::uint8_t>(write_at_ / 3);
  const std::uint8_t value = palette_[read_at_];
  read_at_ = (read_at_ + 1) % palette_.size();
  return value;
}

void VgaDac::write(unsigned offset, std::uint8_t value) {
  if (offset == kPelMask) pel_mask_ = value;
  if (offset == kReadIndex) read_at_ = std::size_t{value} * 3;
  if (offset == kWriteIndex) write_at_ = std::size_t{value} * 3;
  if (offset == kReadIndex || offset == kWriteIndex) {
    state_ = offset == kReadIndex ? State::kReading : State::kWriting;
  }
  if (offset != kPaletteData) return;
  palette_[write_at_] = value & kSixBits;
  write_at_ = (write_at_ + 1) % palette_.size();
}

}  // namespace vmm
