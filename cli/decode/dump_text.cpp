#include <fmt/format.h>

#include <algorithm>

#include "cli/decode/dump_view.hpp"

namespace cli {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;

constexpr Gpa kColumn = 0x4000;  // of the band

std::string size_text(std::uint64_t bytes) {
  return bytes % (1 << 20) == 0 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

char letter_of(const DumpRow& row) {
  if (row.read == Way::kDram) return row.write == Way::kDram ? '#' : 'r';
  if (row.write == Way::kDram) return 'w';
  return row.read == Way::kAgp ? 'a' : '.';
}

std::string smm_text(const DumpRow& row) {
  if (!row.smm_fetch && !row.smm_data) return "";
  const auto name = [](std::optional<Way> way, Way otherwise) { return name_of(way.value_or(otherwise)); };
  const auto code = name(row.smm_fetch, row.read), data = name(row.smm_data, row.read);
  return code == data ? fmt::format("in SMM {}", code) : fmt::format("in SMM code {}, data {}", code, data);
}

std::string row_text(const DumpRow& row) {
  std::string line = fmt::format("{:<13} {:<6} {:<6} {:<6} {:<9} {}", text_of(row.range),
                                 row.state ? short_name(*row.state) : "-", name_of(row.read),
                                 name_of(row.write), row.field, smm_text(row));
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string space_text(const char* name, const lowmeg::decode::SmramSpace& space) {
  if (space.range.empty()) return "";
  return fmt::format(" {} {:X}-{:X},", name, space.range.start(), space.range.end() - 1);
}

std::string smram_text(const DumpReport& report) {
  const std::uint8_t smram = report.registers.smram;
  if ((smram & 0x08) == 0) return "SMRAM: off (G_SMRAME 0)\n";
  const auto bit = [smram](unsigned at) { return (smram >> at & 1) != 0; };
  return fmt::format("SMRAM:{}{}{}{}{}{}\n", space_text("compatible", report.smram.compatible),
                     space_text("high", report.smram.high), space_text("TSEG", report.smram.tseg),
                     bit(6) && !bit(4) ? " open," : " for SMM alone,", bit(5) ? " closed for data," : "",
                     bit(4) ? " locked" : " not locked");
}

std::string heading(const BridgeDump& dump, const DumpReport& report) {
  if (report.only_pam) return "PAM of a 440FX or 440BX; nothing else is known\n";
  const ConfigSpace& bridge = dump.host_bridge;
  std::string line = fmt::format("{} host bridge, {:04x}:{:04x} rev {:02x}, at {}", dump.chip, bridge.word(0),
                                 bridge.word(2), bridge.bytes[8], text_of(bridge.address));
  if (dump.agp_bridge) line += fmt::format("; AGP bridge at {}", text_of(dump.agp_bridge->address));
  return line + "\n";
}

std::string pam_text(const DumpReport& report) {
  std::string line = "PAM0-PAM6";
  for (const std::uint8_t pam : report.registers.pam) line += fmt::format(" {:02x}", pam);
  return line + "\n";
}

}  // namespace

std::string band_of(const DumpReport& report) {
  std::string scale, cells;
  for (const DumpRow& row : report.rows) {
    for (Gpa at = row.range.start(); at < row.range.end(); at += kColumn) {
      if (at % 0x40000 == 0) scale.resize(cells.size(), ' '), scale += fmt::format("{:05X}", at);
      cells += letter_of(row);
    }
  }
  return scale + "\n" + cells + "\n# DRAM  r read-only  w write-only  . PCI  a AGP\n";
}

std::string report_text(const BridgeDump& dump, const DumpReport& report) {
  std::string text = heading(dump, report) + pam_text(report) + "\n" + band_of(report) + "\n";
  text += fmt::format("{:<13} {:<6} {:<6} {:<6} {:<9}\n", "range", "state", "reads", "writes", "register");
  text.erase(text.find_last_not_of(" \n") + 1);
  text += '\n';
  for (const DumpRow& row : report.rows) text += row_text(row);
  if (!report.only_pam) text += '\n';
  if (report.top_of_memory) text += fmt::format("Top of memory: {}\n", size_text(*report.top_of_memory));
  if (!report.hole.empty())
    text += fmt::format("Hole: {:X}-{:X}\n", report.hole.start(), report.hole.end() - 1);
  if (dump.host_bridge.known[0x72]) text += smram_text(report);
  if (!report.warnings.empty()) text += '\n';
  for (const Warning& warning : report.warnings) text += "warning: " + warning.text + "\n";
  return text;
}

std::string diff_text(const DumpDiff& diff) {
  std::string text;
  for (const DumpDiff::Register& changed : diff.registers)
    text += fmt::format("{:02x} {:<8} {:02x} -> {:02x}\n", changed.offset, changed.name, changed.before,
                        changed.now);
  if (!diff.registers.empty() && !diff.rows.empty()) text += '\n';
  for (const DumpDiff::Row& row : diff.rows)
    text += fmt::format("{:<13} {} -> {}\n", text_of(row.range), row.before, row.now);
  return text;
}

}  // namespace cli
