// The four states of a segment of the first megabyte, and the change of one.
//
// Source: the two bits WE and RE of each PAM field, 82443BX data sheet (290633), "PAM[6:0]"; the names are
// OpenVMM's GpaState (vm/devices/chipset_legacy/src/i440bx_host_pci_bridge).
#pragma once

#include <string_view>

#include "lowmeg/core/gpa.hpp"

namespace lowmeg {

enum class GpaState {
  kMmio,            ///< WE RE = 00: reads and writes go to PCI
  kWriteProtected,  ///< 01: reads from DRAM, writes to PCI
  kWriteOnly,       ///< 10: reads from PCI, writes to DRAM
  kWritable,        ///< 11: DRAM
};

/// Whether an adjuster is told because the state changed, or told of all whatever came before.
enum class Apply {
  kDelta,
  kForced,  ///< power-on, reset and restore; the receiver may still skip what is in place
};

/// One segment's state before and after a config write. For kForced, `before` is what the bridge last told,
/// and kMmio at power-on.
struct GpaStateChange {
  GpaRange range;
  GpaState before = GpaState::kMmio;
  GpaState now = GpaState::kMmio;
  Apply apply = Apply::kDelta;

  friend bool operator==(const GpaStateChange&, const GpaStateChange&) = default;
};

/// "mmio", "ro", "wo", "rw".
constexpr std::string_view short_name(GpaState state) {
  switch (state) {
    case GpaState::kMmio:
      return "mmio";
    case GpaState::kWriteProtected:
      return "ro";
    case GpaState::kWriteOnly:
      return "wo";
    case GpaState::kWritable:
      return "rw";
  }
  return "?";
}

}  // namespace lowmeg
