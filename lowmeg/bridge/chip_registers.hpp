// The registers of a chip's host bridge (device 0), with the rules that join them.
//
// After the 82443BX data sheet (290633): SMRAM's lock (3.3.21, 3.3.22), APBASE's bits that APSIZE makes
// writable (3.3.10), SVID and SID which are written once, and the lock of the SDRAM timing (E7h). Error bits
// can be cleared, but nothing here sets them. What no source says is chosen in docs/reference/chip.md.
#pragma once

#include "lowmeg/bridge/byte_enables.hpp"
#include "lowmeg/bridge/register_table.hpp"
#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/core/event_sink.hpp"

namespace lowmeg::bridge {

/// What a guest can change.
struct ChipRegisterState {
  ConfigDwords dwords{};
  std::uint8_t written_once = 0;  ///< bit i: byte 2Ch + i (SVID, SID) has been written, and is read-only

  friend bool operator==(const ChipRegisterState&, const ChipRegisterState&) = default;
};

/// The index of the dword that holds the register at `offset`.
constexpr std::size_t dword_of(std::size_t offset) {
  return offset / 4;
}
constexpr std::uint8_t byte_of(const ConfigDwords& dwords, std::size_t offset) {
  return static_cast<std::uint8_t>(dwords[dword_of(offset)] >> (8 * (offset % 4)));
}
constexpr std::uint16_t word_of(const ConfigDwords& dwords, std::size_t offset) {
  return static_cast<std::uint16_t>(byte_of(dwords, offset) | byte_of(dwords, offset + 1) << 8);
}

/// What a guest's write leaves in a dword.
constexpr std::uint32_t as_written(std::uint32_t old, std::uint32_t value, std::uint32_t writable,
                                   std::uint32_t cleared) {
  return ((old & ~writable) | (value & writable)) & ~(value & cleared);
}

/// kInvalidArgument with a line such as "dword 70h: ..." when `value` differs from `reset` beyond the
/// `possible` bits. `index` counts dwords; `function` goes before the line.
Result<void> check_dword(std::string_view function, std::size_t index, std::uint32_t value,
                         std::uint32_t reset, std::uint32_t possible);

/// No threads and no locks.
class ChipRegisters {
 public:
  /// Borrows the masks and the sink. `reset` may differ from the masks' in writable bits.
  ChipRegisters(const RegisterMasks& masks, const ConfigDwords& reset, EventSink& events)
      : masks_(masks), reset_(reset), events_(events), state_{reset, 0} {}

  std::uint32_t read(std::uint8_t offset) const { return state_.dwords[dword_of(offset)]; }
  /// Whether any register has another value now.
  bool write(std::uint8_t offset, std::uint32_t value, ByteEnables enables);
  /// As CPURST# and PCIRST# together, at power-on: the locks open.
  void reset() { state_ = {reset_, 0}; }
  /// Aborts unless check(state) passes.
  void restore(const ChipRegisterState& state);
  /// kInvalidArgument when no writes can lead to this state, with a line that names the first dword or rule.
  /// Bits that a write of 1 clears may be set, although nothing sets them here.
  Result<void> check(const ChipRegisterState& state) const;

  const ChipRegisterState& state() const { return state_; }

 private:
  std::uint32_t writable(std::size_t index) const;
  std::uint32_t with_smram_rules(std::uint32_t old, std::uint32_t now);

  const RegisterMasks& masks_;
  ConfigDwords reset_;
  EventSink& events_;
  EventLimit open_and_closed_{8};
  EventLimit lock_without_enable_{8};
  ChipRegisterState state_;
};

}  // namespace lowmeg::bridge
