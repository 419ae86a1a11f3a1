#include "lowmeg/bridge/hyperv_registers.hpp"

#include <fmt/format.h>

#include <array>

namespace lowmeg::bridge {
namespace {

using State = HypervRegisterState;

// A dword that stores every bit.
struct LiveRegister {
  std::uint8_t offset;
  std::uint32_t State::* value;
};
constexpr std::array<LiveRegister, 6> kLive{{
    {0x58, &State::pam_reg1},
    {0x5c, &State::pam_reg2},
    {0x60, &State::host_pci_dram1},
    {0x64, &State::host_pci_dram2},
    {0xd0, &State::bios_scratch1},
    {0xd4, &State::bios_scratch2},
}};

enum class OnWrite { kIgnored, kInvalid };
struct ConstantRegister {
  std::uint8_t offset;
  std::uint32_t value;
  OnWrite on_write;
};
// 78h: PGPOL 0, PMCR 0Ah, SCRR 38h; F8h: the manufacturer's id. The others are registers of the data sheet
// that Hyper-V does not keep.
constexpr std::array<ConstantRegister, 17> kConstants{{
    {0x50, 0, OnWrite::kIgnored},
    {0x54, 0, OnWrite::kIgnored},
    {0x68, 0, OnWrite::kIgnored},
    {0x74, 0, OnWrite::kIgnored},
    {0x78, 0x380a0000, OnWrite::kIgnored},
    {0x7c, 0, OnWrite::kIgnored},
    {0x90, 0, OnWrite::kIgnored},
    {0xa0, 0, OnWrite::kIgnored},
    {0xa4, 0, OnWrite::kIgnored},
    {0xa8, 0, OnWrite::kIgnored},
    {0xb0, 0, OnWrite::kIgnored},
    {0xb4, 0, OnWrite::kIgnored},
    {0xb8, 0, OnWrite::kIgnored},
    {0xbc, 0, OnWrite::kIgnored},
    {0xf0, 0, OnWrite::kIgnored},
    {0xf4, 0, OnWrite::kIgnored},
    {0xf8, 0x00000f20, OnWrite::kInvalid},
}};

// SMRAM (72h) in the low byte, ESMRAMC (73h) in the high one, in the upper half of dword 70h.
constexpr std::uint8_t kSmramDword = 0x70;
constexpr std::uint16_t kSmramFixed = 0x3802;     // SM_CACHE, SM_L1, SM_L2; C_BASE_SEG = 010
constexpr std::uint16_t kSmramStored = 0x007a;    // D_OPEN, D_CLS, D_LCK, G_SMRAME and the fixed bit 1
constexpr std::uint16_t kSmramOpen = 0x0040;      // D_OPEN
constexpr std::uint16_t kSmramLocked = 0x0010;    // D_LCK
constexpr std::uint16_t kSmramErrorBit = 0x4000;  // E_SMERR
constexpr std::uint16_t kSmramNotKept = 0x8700;   // H_SMRAM_EN, TSEG_SZ, TSEG_EN

template <typename Table>
auto find(const Table& table, std::uint8_t offset) {
  const auto* row = table.begin();
  while (row != table.end() && row->offset != offset) ++row;
  return row == table.end() ? nullptr : row;
}

}  // namespace

HypervRegisterState hyperv_reset_state(const Identity& identity) {
  return {.host_pci_dram1 = 0x02020202,
          .host_pci_dram2 = 0x00000002,
          .pam_reg1 = identity.dramt,
          .pam_reg2 = 0,
          .bios_scratch1 = 0,
          .bios_scratch2 = 0,
          .smm_config_word = kSmramFixed};
}

std::uint16_t smram_as_stored(std::uint16_t written) {
  constexpr std::uint16_t kKept = kSmramStored & ~kSmramOpen;
  return static_cast<std::uint16_t>(((written & kKept) | kSmramFixed) & ~kSmramErrorBit);
}

HypervRegisters::HypervRegisters(const Identity& identity, EventSink& events)
    : state_(hyperv_reset_state(identity)), events_(events) {}

std::uint32_t HypervRegisters::read(std::uint8_t offset) {
  if (offset == kSmramDword) {
    return std::uint32_t{static_cast<std::uint16_t>((state_.smm_config_word & kSmramStored) | kSmramFixed)}
           << 16;
  }
  if (const auto* live = find(kLive, offset)) return state_.*live->value;
  if (const auto* constant = find(kConstants, offset)) return constant->value;
  warn(invalid_register_, "read of invalid register {:02x}h", offset);
  return 0;
}

void HypervRegisters::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  if (offset == kSmramDword) {
    const std::uint32_t merged = enables.merge(std::uint32_t{state_.smm_config_word} << 16, value);
    return write_smram(static_cast<std::uint16_t>(merged >> 16));
  }
  if (const auto* live = find(kLive, offset)) {
    std::uint32_t& stored = state_.*live->value;
    stored = enables.merge(stored, value);
    return;
  }
  const auto* constant = find(kConstants, offset);
  if (constant && constant->on_write == OnWrite::kIgnored) return;
  warn(invalid_register_, "write to invalid register {:02x}h", offset);
}

void HypervRegisters::write_smram(std::uint16_t value) {
  if (state_.smm_config_word & kSmramLocked) return;
  if (value & kSmramNotKept) warn(smram_bits_, "SMRAM: unsupported bits {:04x}h", value & kSmramNotKept);
  if (value & kSmramOpen) {
    warn(smram_open_, "SMRAM: opening it is not supported, {:02x}h refused", value & kSmramOpen);
  }
  state_.smm_config_word = smram_as_stored(value);
}

void HypervRegisters::restore(const HypervRegisterState& state) {
  LOWMEG_INVARIANT(smram_as_stored(state.smm_config_word) == state.smm_config_word, "a possible SMRAM word");
  state_ = state;
}

void HypervRegisters::warn(EventLimit& limit, const char* format, unsigned number) {
  if (!limit.admit()) return;
  events_.event({Severity::kWarning, "bridge", limit.told(fmt::format(fmt::runtime(format), number))});
}

}  // namespace lowmeg::bridge
