// What a bridge's registers mean, as text of at most 100 columns and as JSON; and what two dumps differ in.
#pragma once

#include <string>

#include "cli/decode/bridge_dump.hpp"

namespace cli {

/// The first mebibyte in a line of 64 characters, 16 KiB each: '#' DRAM, 'r' read-only, 'w' write-only,
/// '.' PCI, 'a' AGP; with a scale above it and a legend below. With PAM alone C0000-FFFFF.
std::string band_of(const DumpReport& report);

/// Bridge, band, map, top of memory, holes, SMRAM, warnings: what the bytes that are known tell.
std::string report_text(const BridgeDump& dump, const DumpReport& report);
/// The same as one JSON object, two spaces an indent.
std::string report_json(const BridgeDump& dump, const DumpReport& report);

/// What differs between two dumps' bridges; nothing where they mean the same and hold the same.
struct DumpDiff {
  struct Register {
    std::uint8_t offset = 0;
    std::string name;  ///< empty: the chip has none there
    std::uint8_t before = 0, now = 0;
  };
  struct Row {
    lowmeg::GpaRange range;
    std::string before, now;
  };
  std::vector<Register> registers;
  std::vector<Row> rows;

  bool empty() const { return registers.empty() && rows.empty(); }
};
/// Of the bytes that both know.
DumpDiff diff_of(const BridgeDump& before, const BridgeDump& now);
std::string diff_text(const DumpDiff& diff);
std::string diff_json(const DumpDiff& diff);

}  // namespace cli
