#include "vmm/chipset/decode/decode_timeline.hpp"

#include <iterator>
#include <utility>

#include "lowmeg/core/stopwatch.hpp"

namespace vmm {
namespace {

using lowmeg::DecodeRegisters;

// The dwords that hold registers of the address decode, and these registers alone, with zeros for all else.
struct DecodeDword {
  unsigned device;
  std::uint8_t offset;
  std::uint32_t (*value)(const DecodeRegisters&);
};
std::uint32_t dword(std::uint8_t b0, std::uint8_t b1, std::uint8_t b2, std::uint8_t b3) {
  return b0 | std::uint32_t{b1} << 8 | std::uint32_t{b2} << 16 | std::uint32_t{b3} << 24;
}
constexpr DecodeDword kDwords[] = {
    {0, 0x58, [](const DecodeRegisters& r) { return lowmeg::pam_dwords(r.pam).dword_58; }},
    {0, 0x5c, [](const DecodeRegisters& r) { return lowmeg::pam_dwords(r.pam).dword_5c; }},
    {0, 0x70, [](const DecodeRegisters& r) { return dword(0, 0, r.smram, r.esmramc); }},
    {0, 0x64, [](const DecodeRegisters& r) { return dword(0, 0, 0, r.drb7); }},
    {0, 0x68, [](const DecodeRegisters& r) { return dword(r.fdhc, 0, 0, 0); }},
    {0, 0x78, [](const DecodeRegisters& r) { return dword(0, 0, r.pmcr, 0); }},
    {0, 0x50, [](const DecodeRegisters& r) { return r.nbxcfg; }},
    // A write of APSIZE can clear bits of APBASE.
    {0, 0xb4, [](const DecodeRegisters& r) { return dword(r.apsize, 0, 0, 0); }},
    {0, 0x10, [](const DecodeRegisters& r) { return r.apbase; }},
    {1, 0x04, [](const DecodeRegisters& r) { return std::uint32_t{r.agp.pcicmd1}; }},
    {1, 0x20, [](const DecodeRegisters& r) { return r.agp.mbase | std::uint32_t{r.agp.mlimit} << 16; }},
    {1, 0x24, [](const DecodeRegisters& r) { return r.agp.pmbase | std::uint32_t{r.agp.pmlimit} << 16; }},
    {1, 0x3c, [](const DecodeRegisters& r) { return dword(0, 0, r.agp.bctrl, 0); }},
};

lowmeg::PamStates pam_states(const DecodeRegisters& r) {
  return lowmeg::decode_pam(lowmeg::pam_dwords(r.pam));
}

}  // namespace

void DecodeTimeline::watch(lowmeg::bridge::ChipBridge& bridge) {
  bridge_ = &bridge;
  read_ = read_all();
}

std::vector<std::uint32_t> DecodeTimeline::read_all() const {
  std::vector<std::uint32_t> dwords;
  for (const DecodeDword& row : kDwords) {
    if (row.device == 0) {
      dwords.push_back(bridge_->read(row.offset));
    } else {
      lowmeg::bridge::ConfigFunction* const agp = bridge_->agp_bridge();
      dwords.push_back(agp ? agp->read(row.offset) : 0);
    }
  }
  return dwords;
}

std::optional<RegisterChange> DecodeTimeline::take_register_change(const DecodeRegisters& before,
                                                                   const DecodeRegisters& now) {
  if (!bridge_) return std::nullopt;
  const std::vector<std::uint32_t> read_before = std::exchange(read_, read_all());
  for (std::size_t i = 0; i < std::size(kDwords); ++i) {
    const DecodeDword& row = kDwords[i];
    if (row.value(before) != row.value(now))
      return RegisterChange{row.offset, read_before[i], read_[i], row.device};
  }
  return std::nullopt;
}

lowmeg::Result<void> DecodeTimeline::changed(const DecodeRegisters& registers, lowmeg::Apply apply) {
  const DecodeRegisters before = seen_.value_or(DecodeRegisters{});
  const bool is_restore = !seen_ && start_ == Start::kRestore;
  seen_ = registers;
  std::uint64_t nanoseconds = 0;
  lowmeg::Result<void> changed;
  {
    const lowmeg::Stopwatch stopwatch(nanoseconds);
    changed = below_.changed(registers, apply);
  }
  if (is_restore) return changed;
  std::array<lowmeg::GpaStateChange, lowmeg::kPamSegmentCount> changes;
  const std::size_t count = lowmeg::pam_changes(pam_states(before), pam_states(registers), apply, changes);
  const bool forced = apply == lowmeg::Apply::kForced;
  const std::optional<RegisterChange> register_change = take_register_change(before, registers);
  listener_({.config_write = forced ? std::nullopt : register_change,
             .segments = {changes.begin(), changes.begin() + count},
             .get = std::nullopt,
             .nanoseconds = nanoseconds});
  return changed;
}

}  // namespace vmm
