// A chip's configuration registers as a table, and what the table says of each bit of the 64 dwords.
//
// A row has what a data sheet's page has: offset, name, size, default value, which bits can be written, which
// are cleared by writing 1, what freezes them, and the section. The masks are made of the rows at compile
// time, so an access finds its dword by index. Bytes without a row are reserved: they read 0 and ignore
// writes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace lowmeg::bridge {

inline constexpr std::size_t kConfigDwords = 64;
using ConfigDwords = std::array<std::uint32_t, kConfigDwords>;

/// What makes writable bits read-only.
enum class Lock {
  kNone,
  kOnce,    ///< a write freezes the bytes that it enables
  kSmram,   ///< D_LCK, SMRAM (72h) bit 4
  kTiming,  ///< bit 7 of E7h
};

struct RegisterRow {
  std::uint8_t offset;
  std::string_view name;
  unsigned bytes;  ///< 1 to 8
  std::uint64_t reset;
  std::uint64_t writable;  ///< read and write
  std::uint64_t cleared;   ///< cleared by writing 1
  std::string_view section;
  Lock lock = Lock::kNone;
  std::uint64_t frozen = 0;  ///< of `writable`, by `lock`

  /// The row with a lock that freezes just these bits.
  constexpr RegisterRow locked_by(Lock by, std::uint64_t bits) const {
    RegisterRow row = *this;
    row.lock = by;
    row.frozen = bits;
    return row;
  }
};

constexpr RegisterRow read_only(std::uint8_t offset, std::string_view name, unsigned bytes,
                                std::uint64_t value, std::string_view section) {
  return {offset, name, bytes, value, 0, 0, section};
}
constexpr RegisterRow read_write(std::uint8_t offset, std::string_view name, unsigned bytes,
                                 std::uint64_t reset, std::uint64_t writable, std::string_view section) {
  return {offset, name, bytes, reset, writable, 0, section};
}
constexpr RegisterRow write_1_to_clear(std::uint8_t offset, std::string_view name, unsigned bytes,
                                       std::uint64_t reset, std::uint64_t cleared, std::string_view section) {
  return {offset, name, bytes, reset, 0, cleared, section};
}

/// The rows of a function, bit by bit.
struct RegisterMasks {
  ConfigDwords reset{};
  ConfigDwords writable{};
  ConfigDwords cleared{};
  ConfigDwords once{};
  ConfigDwords smram_lock{};
  ConfigDwords timing_lock{};
};

/// Places `bytes` bytes of `value` from `offset` on. Registers need not be aligned: MBSC is 6 bytes at 69h.
constexpr void put_bytes(ConfigDwords& dwords, std::size_t offset, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    const std::size_t at = offset + i;
    const unsigned shift = 8 * (at % 4);
    dwords[at / 4] =
        (dwords[at / 4] & ~(0xffu << shift)) | (static_cast<std::uint32_t>(value >> (8 * i)) & 0xff) << shift;
  }
}

constexpr RegisterMasks masks_of(std::span<const RegisterRow> rows) {
  RegisterMasks masks;
  for (const RegisterRow& row : rows) {
    put_bytes(masks.reset, row.offset, row.reset, row.bytes);
    put_bytes(masks.writable, row.offset, row.writable, row.bytes);
    put_bytes(masks.cleared, row.offset, row.cleared, row.bytes);
    if (row.lock == Lock::kOnce) put_bytes(masks.once, row.offset, row.frozen, row.bytes);
    if (row.lock == Lock::kSmram) put_bytes(masks.smram_lock, row.offset, row.frozen, row.bytes);
    if (row.lock == Lock::kTiming) put_bytes(masks.timing_lock, row.offset, row.frozen, row.bytes);
  }
  return masks;
}

/// Rows in ascending order without overlap, within 256 bytes, and masks within the size and each other.
constexpr bool is_well_formed(std::span<const RegisterRow> rows) {
  unsigned next = 0;
  for (const RegisterRow& row : rows) {
    if (row.offset < next || row.bytes < 1 || row.bytes > 8) return false;
    next = row.offset + row.bytes;
    const std::uint64_t all = row.bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * row.bytes) - 1;
    if (((row.reset | row.writable | row.cleared) & ~all) != 0) return false;
    if ((row.writable & row.cleared) != 0 || (row.frozen & ~row.writable) != 0) return false;
    if ((row.lock == Lock::kNone) != (row.frozen == 0)) return false;
  }
  return next <= 256;
}

}  // namespace lowmeg::bridge
