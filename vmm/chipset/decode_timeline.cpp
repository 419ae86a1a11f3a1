#include "vmm/chipset/decode_timeline.hpp"

#include "lowmeg/get/stopwatch.hpp"

namespace vmm {
namespace {

using lowmeg::DecodeRegisters;

// The dwords of device 0 that hold registers of the address decode, with zeros for all else in them.
struct DecodeDword {
  std::uint8_t offset;
  std::uint32_t (*value)(const DecodeRegisters&);
};
std::uint32_t dword(std::uint8_t b0, std::uint8_t b1, std::uint8_t b2, std::uint8_t b3) {
  return b0 | b1 << 8 | b2 << 16 | static_cast<std::uint32_t>(b3) << 24;
}
constexpr DecodeDword kDwords[] = {
    {0x58, [](const DecodeRegisters& r) { return dword(0, r.pam[0], r.pam[1], r.pam[2]); }},
    {0x5c, [](const DecodeRegisters& r) { return dword(r.pam[3], r.pam[4], r.pam[5], r.pam[6]); }},
    {0x70, [](const DecodeRegisters& r) { return dword(0, 0, r.smram, r.esmramc); }},
    {0x64, [](const DecodeRegisters& r) { return dword(0, 0, 0, r.drb7); }},
    {0x68, [](const DecodeRegisters& r) { return dword(r.fdhc, 0, 0, 0); }},
    {0x78, [](const DecodeRegisters& r) { return dword(0, 0, r.pmcr, 0); }},
    {0x50, [](const DecodeRegisters& r) { return r.nbxcfg; }},
    {0x10, [](const DecodeRegisters& r) { return r.apbase; }},
    {0xb4, [](const DecodeRegisters& r) { return dword(r.apsize, 0, 0, 0); }},
};

// None: it was a register of device 1.
std::optional<RegisterChange> register_change(const DecodeRegisters& before, const DecodeRegisters& now) {
  for (const DecodeDword& row : kDwords) {
    if (row.value(before) != row.value(now))
      return RegisterChange{row.offset, row.value(before), row.value(now)};
  }
  return std::nullopt;
}

lowmeg::PamStates pam_states(const DecodeRegisters& r) {
  return lowmeg::decode_pam(
      {dword(0, r.pam[0], r.pam[1], r.pam[2]), dword(r.pam[3], r.pam[4], r.pam[5], r.pam[6])});
}

}  // namespace

lowmeg::Result<void> DecodeTimeline::changed(const DecodeRegisters& registers, lowmeg::Apply apply) {
  const DecodeRegisters before = seen_.value_or(DecodeRegisters{});
  const bool is_first = !seen_;
  seen_ = registers;
  std::uint64_t nanoseconds = 0;
  lowmeg::Result<void> changed;
  {
    const lowmeg::get::Stopwatch stopwatch(nanoseconds);
    changed = below_.changed(registers, apply);
  }
  if (!is_first && before == registers) return changed;  // a silent restore, for one
  std::array<lowmeg::GpaStateChange, lowmeg::kPamSegmentCount> changes;
  const std::size_t count = lowmeg::pam_changes(pam_states(before), pam_states(registers), apply, changes);
  const bool forced = apply == lowmeg::Apply::kForced;
  listener_({.config_write = forced ? std::nullopt : register_change(before, registers),
             .segments = {changes.begin(), changes.begin() + count},
             .get = std::nullopt,
             .nanoseconds = nanoseconds});
  return changed;
}

}  // namespace vmm
