#include "cli/decode/warnings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lowmeg/core/pam.hpp"
#include "lowmeg/decode/dram.hpp"

namespace cli {
namespace {

using lowmeg::DecodeRegisters;
using lowmeg::GpaRange;
using lowmeg::GpaState;

constexpr lowmeg::Gpa kSystemBios = 0xf0000;

// Runs of neighbouring segments in `state`, by address.
std::vector<GpaRange> runs_in(const DecodeRegisters& registers, GpaState state) {
  const lowmeg::PamStates states = lowmeg::decode_pam(lowmeg::pam_dwords(registers.pam));
  std::vector<GpaRange> runs;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i] == state) runs.push_back(lowmeg::kPamSegments[i]);
  }
  std::ranges::sort(runs);
  std::vector<GpaRange> joined;
  for (const GpaRange& run : runs) {
    // The BIOS's own segment is a matter of its own.
    if (!joined.empty() && joined.back().end() == run.start() && run.start() != kSystemBios) {
      joined.back() = GpaRange(joined.back().start(), run.end());
    } else {
      joined.push_back(run);
    }
  }
  return joined;
}

void add_pam(const BridgeDump& dump, const DecodeRegisters& registers, std::vector<Warning>& warnings) {
  for (const GpaRange& run : runs_in(registers, GpaState::kWriteOnly)) {
    warnings.push_back({"write-only-left", text_of(run) +
                                               " is write-only (10): a copy of ROM into DRAM that was "
                                               "begun and not ended"});
  }
  for (const GpaRange& run : runs_in(registers, GpaState::kWritable)) {
    if (run.start() == kSystemBios) {
      warnings.push_back({"bios-writable", text_of(run) + " is writable: anybody can change the BIOS in it"});
    } else {
      warnings.push_back({"ram-unprotected", text_of(run) + " is RAM that nothing protects"});
    }
  }
  const auto pam = std::span(dump.host_bridge.bytes).subspan(0x59, registers.pam.size());
  if (std::ranges::any_of(pam, [](std::uint8_t byte) { return (byte & 0xcc) != 0; }) ||
      (pam[0] & 0x0f) != 0) {
    warnings.push_back({"pam-reserved", "PAM has reserved bits set, which have no meaning"});
  }
}

struct SmramRule {
  std::uint8_t mask, value;  // of SMRAM
  const char* code;
  const char* text;
};
constexpr std::uint8_t kOpen = 0x40, kClosed = 0x20, kLocked = 0x10, kEnabled = 0x08;
constexpr SmramRule kSmramRules[] = {
    {kOpen | kClosed | kLocked | kEnabled, kOpen | kClosed | kEnabled, "smram-illegal",
     "SMRAM has D_OPEN and D_CLS at once, which is illegal"},
    {kOpen | kClosed | kLocked | kEnabled, kOpen | kEnabled, "smram-open",
     "SMRAM is open (D_OPEN): code outside of SMM can read and write it"},
    {kLocked | kEnabled, kEnabled, "smram-unlocked",
     "SMRAM is not locked (D_LCK 0): code outside of SMM can open it"},
    {kLocked | kEnabled, kLocked, "smram-lock-void",
     "SMRAM has D_LCK without G_SMRAME: the lock has no effect"},
};

void add_smram(const BridgeDump& dump, const DecodeRegisters& registers, std::vector<Warning>& warnings) {
  if (!dump.host_bridge.known[0x72]) return;
  for (const SmramRule& rule : kSmramRules) {
    if ((registers.smram & rule.mask) == rule.value) warnings.push_back({rule.code, rule.text});
  }
  const bool has_esmramc = register_name(dump, 0x73) == "ESMRAMC" && dump.host_bridge.known[0x73];
  if (has_esmramc && (dump.host_bridge.bytes[0x73] & 0x40) != 0) {
    warnings.push_back(
        {"smram-error", "ESMRAMC has E_SMERR: the CPU has reached for extended SMRAM from outside of SMM"});
  }
}

void add_dram(const BridgeDump& dump, const DecodeRegisters& registers, std::vector<Warning>& warnings) {
  const auto& bytes = dump.host_bridge.bytes;
  if (dump.host_bridge.knows(0x60, 8)) {
    if (!std::is_sorted(bytes.begin() + 0x60, bytes.begin() + 0x68))
      warnings.push_back({"drb-falls", "DRB0-DRB7 do not rise: these are no row boundaries of a real board"});
    if (registers.drb7 == 0) warnings.push_back({"no-memory", "DRB7 is 0: no DRAM above 1 MiB"});
  }
  if (!dump.host_bridge.known[0x68]) return;
  if (!lowmeg::decode::fixed_hole(registers).empty()) {
    warnings.push_back({"hole", "FDHC opens a hole: the DRAM behind " +
                                    text_of(lowmeg::decode::fixed_hole(registers)) + " is lost"});
  }
  if (registers.fdhc >> 6 == 3) warnings.push_back({"hole-reserved", "FDHC's HEN is 11, which is reserved"});
}

}  // namespace

std::vector<Warning> warnings_of(const BridgeDump& dump, const DecodeRegisters& registers) {
  std::vector<Warning> warnings;
  add_pam(dump, registers, warnings);
  add_smram(dump, registers, warnings);
  add_dram(dump, registers, warnings);
  return warnings;
}

}  // namespace cli
