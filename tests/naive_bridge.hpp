// The bridge_model_test's model: 256 register bytes, a table of what each PAM state shows, pages one by one.
// It shares no code with the bridge, the policy or the host.
#pragma once

#include <cstdint>

#include "lowmeg/bridge/identity.hpp"
#include "lowmeg/memory/route.hpp"

namespace lowmeg {

// Registers byte by byte, after the facts about Hyper-V's bridge.
class NaiveBridge {
 public:
  explicit NaiveBridge(const bridge::Identity& identity) : identity_(identity) { reset(); }

  void reset() {
    address_ = 0;
    command_[0] = command_[1] = 0;
    for (std::uint8_t& byte : bytes_) byte = 0;
    put(0x00, identity_.vendor | static_cast<std::uint32_t>(identity_.device) << 16);
    put(0x04, 0x02000006);
    put(0x08, 0x06000000u | identity_.revision);
    put(0x58, identity_.dramt);
    put(0x60, 0x02020202);
    put(0x64, 0x00000002);
    put(0x70, 0x38020000);
    put(0x78, 0x380a0000);
    put(0xf8, 0x00000f20);
  }

  std::uint32_t read(unsigned port, unsigned size) const {
    if (port == 0xcf8 && size == 4) return address_;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<std::uint32_t>(read_byte(port + i)) << (8 * i);
    return value;
  }

  void write(unsigned port, unsigned size, std::uint32_t value) {
    if (port == 0xcf8 && size == 4) {
      address_ = value & 0x80fffffc;
      return;
    }
    const bool locked = bytes_[0x72] & 0x10;
    for (unsigned i = 0; i < size; ++i) {
      if (answers(port + i))
        write_byte(register_at(port + i), static_cast<std::uint8_t>(value >> (8 * i)), locked);
    }
  }

  unsigned state(unsigned segment) const {
    const unsigned nibble = segment + 3;  // from the low half of 58h up
    return bytes_[0x58 + nibble / 2] >> (nibble % 2 ? 4 : 0) & 3;
  }
  std::uint16_t command() const { return static_cast<std::uint16_t>(command_[0] | command_[1] << 8); }
  std::uint8_t byte(unsigned offset) const { return bytes_[offset]; }

 private:
  void put(unsigned offset, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) bytes_[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  bool answers(unsigned port) const {
    return port >= 0xcfc && port <= 0xcff && (address_ & 0x80ffff00) == 0x80000000;
  }
  unsigned register_at(unsigned port) const { return (address_ & 0xfc) + port - 0xcfc; }
  std::uint8_t read_byte(unsigned port) const { return answers(port) ? bytes_[register_at(port)] : 0xff; }

  void write_byte(unsigned offset, std::uint8_t value, bool locked) {
    const bool plain = offset == 0x3e || offset == 0x3c || (offset >= 0x58 && offset <= 0x67) ||
                       (offset >= 0xd0 && offset <= 0xd7);
    if (plain) bytes_[offset] = value;
    if (offset == 0x04) command_[0] = value & 0x7f;
    if (offset == 0x05) command_[1] = value & 0x07;
    if (offset == 0x72 && !locked) bytes_[offset] = (value & 0x3a) | 0x02;
  }

  bridge::Identity identity_;
  std::uint32_t address_ = 0;
  std::uint8_t command_[2];
  std::uint8_t bytes_[256];
};

// What each segment shows in the states 00, 01, 10, 11. Lower case: from itself; upper case: from the last
// MiB of RAM. r: read-only, w: read-write, '.': no override.
struct NaiveSegment {
  std::uint64_t start, end;
  const char* shows;
  std::uint64_t end_when_protected;
};
inline constexpr NaiveSegment kNaiveSegments[13] = {
    {0xf0000, 0x100000, "Rr..", 0xfe000}, {0xc0000, 0xc4000, "rrWW", 0xc4000},
    {0xc4000, 0xc8000, "rrWW", 0xc8000},  {0xc8000, 0xcc000, ".rWW", 0xcc000},
    {0xcc000, 0xd0000, "rr..", 0xd0000},  {0xd0000, 0xd4000, "rr..", 0xd4000},
    {0xd4000, 0xd8000, "rr..", 0xd8000},  {0xd8000, 0xdc000, "rr..", 0xdc000},
    {0xdc000, 0xe0000, "rr..", 0xe0000},  {0xe0000, 0xe4000, "Rr..", 0xe4000},
    {0xe4000, 0xe8000, "Rr..", 0xe8000},  {0xe8000, 0xec000, "Rr..", 0xec000},
    {0xec000, 0xf0000, "Rr..", 0xf0000},
};
inline constexpr std::uint64_t kImages = (64 << 20) - (1 << 20);

// The page at `gpa` of the first MiB.
inline memory::Routes naive_page(const NaiveBridge& model, std::uint64_t gpa) {
  using memory::Route;
  if (gpa >= 0xa0000 && gpa < 0xc0000) return {Route::bus(), Route::bus(), Route::bus()};
  for (unsigned i = 0; i < 13; ++i) {
    const NaiveSegment& segment = kNaiveSegments[i];
    if (gpa < segment.start || gpa >= segment.end) continue;
    const unsigned state = model.state(i);
    const char shows = state == 1 && gpa >= segment.end_when_protected ? '.' : segment.shows[state];
    if (shows == '.') break;
    const Route ram = Route::ram(shows == 'R' || shows == 'W' ? gpa + kImages : gpa);
    return {ram, shows == 'W' ? ram : Route::drop(), ram};
  }
  return {Route::ram(gpa), Route::ram(gpa), Route::ram(gpa)};
}

}  // namespace lowmeg
