#include "lowmeg/bridge/chip_registers.hpp"

#include <fmt/format.h>

namespace lowmeg::bridge {
namespace {

constexpr std::size_t kApbase = dword_of(0x10), kSubsystem = dword_of(0x2c), kSmram = dword_of(0x72),
                      kApsize = dword_of(0xb4), kTiming = dword_of(0xe7);
// SMRAM (72h) within its dword; 82443BX data sheet (290633), 3.3.21.
constexpr std::uint32_t kDOpen = 0x400000, kDCls = 0x200000, kDLck = 0x100000, kGSmrame = 0x080000;
// The lock of DWTC and DRTC, bit 7 of E7h.
constexpr std::uint32_t kTimingLock = 0x80000000;
// APSIZE 5:0 decide on APBASE 27:22 (3.3.10, 3.3.35).
constexpr unsigned kApsizeToApbase = 22;
constexpr std::uint32_t kApsizeBits = 0x3f;
constexpr std::uint32_t kApbaseBySize = kApsizeBits << kApsizeToApbase;

constexpr std::uint32_t aperture_bits(const ConfigDwords& dwords) {
  return (dwords[kApsize] & kApsizeBits) << kApsizeToApbase;
}

// One bit of `written_once` as the byte of dword 2Ch that it stands for.
std::uint32_t bytes_written(const ChipRegisterState& state) {
  return ByteEnables(state.written_once & 0xfu).mask();
}

void warn(EventSink& events, EventLimit& limit, const char* text) {
  if (!limit.admit()) return;
  events.event({Severity::kWarning, "bridge", limit.told(text)});
}

}  // namespace

Result<void> check_dword(std::string_view function, std::size_t index, std::uint32_t value,
                         std::uint32_t reset, std::uint32_t possible) {
  const std::uint32_t wrong = (value ^ reset) & ~possible;
  if (wrong == 0) return {};
  return fail(Errc::kInvalidArgument, fmt::format("{}dword {:02x}h: {:08x}h, of which bits {:08x}h cannot be",
                                                  function, 4 * index, value, wrong));
}

bool ChipRegisters::write(std::uint8_t offset, std::uint32_t value, ByteEnables enables) {
  const std::size_t index = dword_of(offset);
  const std::uint32_t bytes = enables.mask();
  std::uint32_t& dword = state_.dwords[index];
  const std::uint32_t old = dword;
  dword = as_written(old, value, writable(index) & bytes, masks_.cleared[index] & bytes);
  if (index == kSubsystem && masks_.once[index] != 0)
    state_.written_once = static_cast<std::uint8_t>(state_.written_once | enables.bits());
  if (index == kSmram) dword = with_smram_rules(old, dword);
  if (index == kApsize) state_.dwords[kApbase] &= ~kApbaseBySize | aperture_bits(state_.dwords);
  return dword != old;
}

std::uint32_t ChipRegisters::writable(std::size_t index) const {
  std::uint32_t mask = masks_.writable[index];
  if (state_.dwords[kSmram] & kDLck) mask &= ~masks_.smram_lock[index];
  if (state_.dwords[kTiming] & kTimingLock) mask &= ~masks_.timing_lock[index];
  if (index == kApbase) mask |= aperture_bits(state_.dwords);
  if (index == kSubsystem) mask &= ~bytes_written(state_);
  return mask;
}

// "D_OPEN, D_CLS and D_LCK take effect only with G_SMRAME": without it D_LCK is not taken. With it, it clears
// D_OPEN, also when one write sets both. Once it is set it stays, whatever becomes of G_SMRAME.
std::uint32_t ChipRegisters::with_smram_rules(std::uint32_t old, std::uint32_t now) {
  if ((now & kDLck & ~old) && !(now & kGSmrame)) {
    warn(events_, lock_without_enable_, "SMRAM: D_LCK without G_SMRAME, ignored");
    now &= ~kDLck;
  }
  if (now & kDLck) now &= ~kDOpen;
  if ((now & kDOpen) && (now & kDCls) && now != old) {
    warn(events_, open_and_closed_,
         "SMRAM: D_OPEN together with D_CLS, which is illegal; D_OPEN has no effect");
  }
  return now;
}

void ChipRegisters::restore(const ChipRegisterState& state) {
  LOWMEG_INVARIANT(check(state), "a possible state of the registers");
  state_ = state;
}

Result<void> ChipRegisters::check(const ChipRegisterState& state) const {
  const auto& [dwords, written_once] = state;
  for (std::size_t i = 0; i < kConfigDwords; ++i) {
    std::uint32_t possible = masks_.writable[i] | masks_.cleared[i];
    if (i == kApbase) possible |= aperture_bits(dwords);
    if (i == kSubsystem) possible &= bytes_written(state);
    if (auto checked = check_dword("", i, dwords[i], reset_[i], possible); !checked) return checked;
  }
  if (written_once > 0xf || (written_once != 0 && masks_.once[kSubsystem] == 0))
    return fail(Errc::kInvalidArgument,
                fmt::format("write once: {:x}h are no bytes of SVID and SID", written_once));
  if ((dwords[kSmram] & kDLck) && (dwords[kSmram] & kDOpen))
    return fail(Errc::kInvalidArgument, "SMRAM: D_OPEN under D_LCK");
  return {};
}

}  // namespace lowmeg::bridge
