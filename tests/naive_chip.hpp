// The chip_registers_model_test's model: 256 register bytes a function, and a list of what each bit is. It
// shares no code and no table with the bridge.
//
// A byte is eight letters from bit 7 down: 0 and 1 are fixed, w is written, c is cleared by 1, o is written
// once with its whole byte, s is written until D_LCK, t is written until E7h bit 7, a is written while its
// bit of APSIZE is 1. In capitals it is 1 after a reset.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace lowmeg {

using NaiveBytes = std::map<unsigned, std::string_view>;

inline const NaiveBytes kNaiveBx{
    {0x00, "10000110"}, {0x01, "10000000"}, {0x02, "10010000"}, {0x03, "01110001"}, {0x04, "0w000110"},
    {0x05, "0000000w"}, {0x06, "00010000"}, {0x07, "cccc0010"}, {0x08, "00000011"}, {0x0b, "00000110"},
    {0x0d, "wwwww000"}, {0x10, "00001000"}, {0x12, "aa000000"}, {0x13, "wwwwaaaa"}, {0x2c, "oooooooo"},
    {0x2d, "oooooooo"}, {0x2e, "oooooooo"}, {0x2f, "oooooooo"}, {0x34, "10100000"}, {0x50, "www0w100"},
    {0x51, "w000wwww"}, {0x52, "00000www"}, {0x53, "wwwwwwww"}, {0x57, "000wwwww"}, {0x58, "000000WW"},
    {0x59, "00ww0000"}, {0x5a, "00ww00ww"}, {0x5b, "00ww00ww"}, {0x5c, "00ww00ww"}, {0x5d, "00ww00ww"},
    {0x5e, "00ww00ww"}, {0x5f, "00ww00ww"}, {0x60, "wwwwwwwW"}, {0x61, "wwwwwwwW"}, {0x62, "wwwwwwwW"},
    {0x63, "wwwwwwwW"}, {0x64, "wwwwwwwW"}, {0x65, "wwwwwwwW"}, {0x66, "wwwwwwwW"}, {0x67, "sssssssS"},
    {0x68, "ww000000"}, {0x69, "wwwwwwww"}, {0x6a, "wwwwwwww"}, {0x6b, "wwwwwwww"}, {0x6c, "wwwwwwww"},
    {0x6d, "wwwwwwww"}, {0x71, "00011111"}, {0x72, "0swsw010"}, {0x73, "sc111sss"}, {0x74, "wwwwwwww"},
    {0x75, "wwwwwwww"}, {0x76, "wwwwwwww"}, {0x77, "000000ww"}, {0x78, "0000wwww"}, {0x79, "wwwwwwww"},
    {0x7a, "wwww0w0w"}, {0x7b, "wwWWWwww"}, {0x7c, "000wwwww"}, {0x80, "000000cc"}, {0x90, "Wwwwwwww"},
    {0x91, "000c000c"}, {0x92, "000ccccc"}, {0x94, "00000100"}, {0x95, "01100001"}, {0x99, "00000101"},
    {0xa0, "00000010"}, {0xa2, "00010000"}, {0xa4, "00000011"}, {0xa5, "00000010"}, {0xa7, "00011111"},
    {0xa8, "000000ww"}, {0xa9, "000000ww"}, {0xb0, "w0000000"}, {0xb1, "w0w00000"}, {0xb4, "00wwwwww"},
    {0xb9, "wwww0000"}, {0xba, "wwwwwwww"}, {0xbb, "wwwwwwww"}, {0xc8, "00011000"}, {0xc9, "00001100"},
    {0xca, "wwwwwwww"}, {0xcb, "wwwwwwww"}, {0xcc, "0wwwwwww"}, {0xd0, "wwwwwwww"}, {0xd1, "wwwwwwww"},
    {0xd2, "wwwwwwww"}, {0xd3, "wwwwwwww"}, {0xd4, "wwwwwwww"}, {0xd5, "wwwwwwww"}, {0xd6, "wwwwwwww"},
    {0xd7, "wwwwwwww"}, {0xe0, "tttttttt"}, {0xe1, "tttttttt"}, {0xe2, "tttttttt"}, {0xe3, "tttttttt"},
    {0xe4, "tttttttt"}, {0xe5, "00tttttt"}, {0xe7, "tttttttt"}, {0xe8, "tttttttt"}, {0xe9, "tttttttt"},
    {0xea, "tttttttt"}, {0xeb, "tttttttt"}, {0xec, "tttttttt"}, {0xed, "00tttttt"}, {0xf0, "ww000000"},
    {0xf1, "000000ww"}, {0xf3, "11111000"}, {0xf8, "00100000"}, {0xf9, "00001111"},
};
inline const NaiveBytes kNaiveFx{
    {0x00, "10000110"}, {0x01, "10000000"}, {0x02, "00110111"}, {0x03, "00010010"}, {0x04, "0w000110"},
    {0x05, "0000000w"}, {0x06, "10000000"}, {0x07, "ccccc01c"}, {0x08, "00000010"}, {0x0b, "00000110"},
    {0x0d, "wwwww000"}, {0x50, "wwww0w00"}, {0x51, "ww0000ww"}, {0x52, "wwwwwwww"}, {0x53, "Wwwwwwww"},
    {0x54, "w00000w0"}, {0x55, "wwwwwwww"}, {0x56, "wwwwwwww"}, {0x57, "0www0wwW"}, {0x58, "0wwWwwww"},
    {0x59, "00ww0000"}, {0x5a, "00ww00ww"}, {0x5b, "00ww00ww"}, {0x5c, "00ww00ww"}, {0x5d, "00ww00ww"},
    {0x5e, "00ww00ww"}, {0x5f, "00ww00ww"}, {0x60, "wwwwwwwW"}, {0x61, "wwwwwwwW"}, {0x62, "wwwwwwwW"},
    {0x63, "wwwwwwwW"}, {0x64, "wwwwwwwW"}, {0x65, "wwwwwwwW"}, {0x66, "wwwwwwwW"}, {0x67, "wwwwwwwW"},
    {0x68, "ww000000"}, {0x70, "wwwww000"}, {0x71, "000Wwwww"}, {0x72, "0swsw010"}, {0x90, "000ww0ww"},
    {0x91, "000c000c"},
};
inline const NaiveBytes kNaiveAgp{
    {0x00, "10000110"}, {0x01, "10000000"}, {0x02, "10010001"}, {0x03, "01110001"}, {0x04, "000wwwww"},
    {0x05, "0000000w"}, {0x06, "00100000"}, {0x07, "00000010"}, {0x08, "00000011"}, {0x0a, "00000100"},
    {0x0b, "00000110"}, {0x0d, "wwwww000"}, {0x0e, "00000001"}, {0x19, "wwwwwwww"}, {0x1a, "wwwwwwww"},
    {0x1b, "wwwww000"}, {0x1c, "WWWW0000"}, {0x1d, "wwww0000"}, {0x1e, "10100000"}, {0x1f, "cccc0010"},
    {0x20, "WWWW0000"}, {0x21, "WWWWWWWW"}, {0x22, "wwww0000"}, {0x23, "wwwwwwww"}, {0x24, "WWWW0000"},
    {0x25, "WWWWWWWW"}, {0x26, "wwww0000"}, {0x27, "wwwwwwww"}, {0x3e, "Www0ww0w"},
};

// One function. The rules that join registers look at the bytes as they were before the write.
class NaiveChip {
 public:
  explicit NaiveChip(const NaiveBytes& layout) : layout_(layout) { reset(); }

  void reset() {
    written_.reset();
    for (unsigned i = 0; i < 256; ++i) bytes_[i] = 0;
    for (const auto& [offset, letters] : layout_) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        const char letter = letters[7 - bit];
        if (letter == '1' || (letter >= 'A' && letter <= 'Z'))
          bytes_[offset] |= static_cast<std::uint8_t>(1u << bit);
      }
    }
  }

  std::uint8_t byte(unsigned offset) const { return bytes_[offset]; }

  // The four bytes from `dword` on, those that are enabled.
  void write(unsigned dword, std::uint32_t value, unsigned enables) {
    const bool smram_locked = has(0x72) && layout_.at(0x72)[1] == 's' && bytes_[0x72] & 0x10;
    const bool timing_locked = bytes_[0xe7] & 0x80;
    for (unsigned i = 0; i < 4; ++i) {
      if (enables >> i & 1)
        write_byte(dword + i, static_cast<std::uint8_t>(value >> (8 * i)), smram_locked, timing_locked);
    }
    if (dword == 0x70 && !smram_locked) settle_smram();
    if (dword == 0xb4 && has(0xb4)) settle_aperture();
  }

 private:
  bool has(unsigned offset) const { return layout_.contains(offset); }

  void write_byte(unsigned offset, std::uint8_t value, bool smram_locked, bool timing_locked) {
    if (!has(offset)) return;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool one = value >> bit & 1;
      switch (layout_.at(offset)[7 - bit]) {
        case 'w':
        case 'W':
          set(offset, bit, one);
          break;
        case 'c':
          if (one) set(offset, bit, false);
          break;
        case 'o':
          if (!written_[offset]) set(offset, bit, one);
          break;
        case 's':
        case 'S':
          if (!smram_locked) set(offset, bit, one);
          break;
        case 't':
          if (!timing_locked) set(offset, bit, one);
          break;
        case 'a':
          if (aperture_bit(offset, bit)) set(offset, bit, one);
          break;
        default:
          break;
      }
    }
    written_[offset] = true;
  }
  void set(unsigned offset, unsigned bit, bool one) {
    const auto mask = static_cast<std::uint8_t>(1u << bit);
    bytes_[offset] = static_cast<std::uint8_t>(one ? bytes_[offset] | mask : bytes_[offset] & ~mask);
  }
  // APBASE 27:22 by APSIZE 5:0.
  bool aperture_bit(unsigned offset, unsigned bit) const {
    const unsigned of_apbase = 8 * (offset - 0x10) + bit;
    return bytes_[0xb4] >> (of_apbase - 22) & 1;
  }
  void settle_aperture() {
    for (unsigned bit = 22; bit < 28; ++bit) {
      if (!aperture_bit(0x10 + bit / 8, bit % 8)) set(0x10 + bit / 8, bit % 8, false);
    }
  }
  void settle_smram() {
    if (!has(0x72) || !(bytes_[0x72] & 0x10)) return;
    set(0x72, bytes_[0x72] & 0x08 ? 6 : 4, false);  // D_OPEN goes; without G_SMRAME, D_LCK does
  }

  const NaiveBytes& layout_;
  std::bitset<256> written_;
  std::uint8_t bytes_[256];
};

}  // namespace lowmeg
