#include "cli/decode/bridge_dump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/decode/warnings.hpp"
#include "lowmeg/bridge/chip_bridge.hpp"
#include "lowmeg/core/pam.hpp"
#include "lowmeg/decode/address_decoder.hpp"
#include "lowmeg/decode/dram.hpp"

namespace cli {
namespace {

using lowmeg::Gpa;
using lowmeg::GpaRange;
using lowmeg::memory::Layout;
using lowmeg::memory::MemoryMap;
using lowmeg::memory::Region;
using lowmeg::memory::Route;

constexpr GpaRange kFirstMegabyte{0, 0x100000};
// Where the decode may change within it: FDHC's hole, the VGA window, a monochrome adapter's part of it.
constexpr Gpa kEdges[] = {0x80000, 0xa0000, 0xb0000, 0xb8000, 0xc0000};

// A board that tells the two buses apart: on PCI a device answers everywhere, on AGP nobody.
lowmeg::decode::AddressDecoder decoder() {
  const Region agp{lowmeg::decode::kWindow, lowmeg::memory::open_routes()};
  return {{Layout(lowmeg::decode::kWindow), Layout(lowmeg::decode::kWindow, {&agp, 1})},
          lowmeg::decode::kWindow.end()};
}

Way way_of(Route route) {
  switch (route.target()) {
    case lowmeg::memory::Target::kRam:
      return Way::kDram;
    case lowmeg::memory::Target::kOpen:
    case lowmeg::memory::Target::kDrop:
      return Way::kAgp;
    default:
      return Way::kPci;
  }
}

// PAM0 is its high field alone; the others have 1:0 for the lower segment and 5:4 for the upper one.
std::string field_of(std::size_t segment) {
  return fmt::format("PAM{} {}", (segment + 1) / 2, segment % 2 == 0 ? "5:4" : "1:0");
}

DumpRow row_of(const MemoryMap& map, const lowmeg::DecodeRegisters& registers, GpaRange range) {
  const auto outside = map.cpu.find(range.start()), inside = map.cpu_smm.find(range.start());
  DumpRow row{.range = range,
              .state = {},
              .read = way_of(outside.read),
              .write = way_of(outside.write),
              .field = "",
              .smm_fetch = {},
              .smm_data = {}};
  const auto* const segment = std::ranges::find(lowmeg::kPamSegments, range);
  if (segment != lowmeg::kPamSegments.end()) {
    const auto i = static_cast<std::size_t>(segment - lowmeg::kPamSegments.begin());
    row.state = lowmeg::decode_pam(lowmeg::pam_dwords(registers.pam))[i];
    row.field = field_of(i);
  } else if (lowmeg::decode::fixed_hole(registers).contains(range)) {
    row.field = "FDHC";
  } else if (range.start() >= 0xa0000) {
    row.field = "SMRAM";
  }
  if (inside.fetch != outside.fetch) row.smm_fetch = way_of(inside.fetch);
  if (inside.read != outside.read) row.smm_data = way_of(inside.read);
  return row;
}

bool goes_on(const DumpRow& row, const DumpRow& next) {
  DumpRow moved = next;
  moved.range = row.range;
  return !row.state && !next.state && moved == row;
}

std::vector<DumpRow> rows_of(const lowmeg::DecodeRegisters& registers, GpaRange shown) {
  const MemoryMap map = decoder().decode(registers);
  std::vector<Gpa> edges(std::begin(kEdges), std::end(kEdges));
  edges.push_back(shown.end());
  for (const GpaRange& segment : lowmeg::kPamSegments) edges.push_back(segment.start());
  std::ranges::sort(edges);
  std::vector<DumpRow> rows;
  Gpa at = shown.start();
  for (const Gpa edge : edges) {
    if (edge <= at) continue;
    const DumpRow row = row_of(map, registers, {at, edge});
    at = edge;
    if (!rows.empty() && goes_on(rows.back(), row)) {
      rows.back().range = GpaRange(rows.back().range.start(), edge);
    } else {
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace

std::string_view name_of(Way way) {
  constexpr std::string_view kNames[] = {"DRAM", "PCI", "AGP"};
  return kNames[static_cast<std::size_t>(way)];
}

DumpReport report_on(const BridgeDump& dump) {
  const auto agp = dump.agp_bridge ? std::optional(dump.agp_bridge->dwords()) : std::nullopt;
  DumpReport report;
  report.registers =
      lowmeg::bridge::decode_registers_of(dump.host_bridge.dwords(), agp ? &*agp : nullptr).value();
  report.only_pam = dump.host_bridge.known.count() == 7;
  const GpaRange shown = report.only_pam ? GpaRange(0xc0000, kFirstMegabyte.end()) : kFirstMegabyte;
  report.rows = rows_of(report.registers, shown);
  if (dump.host_bridge.known[0x67]) report.top_of_memory = lowmeg::decode::top_of_memory(report.registers);
  report.hole = lowmeg::decode::fixed_hole(report.registers);
  report.smram = lowmeg::decode::smram_spaces(report.registers);
  report.warnings = warnings_of(dump, report.registers);
  return report;
}

std::string text_of(const GpaRange& range) {
  return fmt::format("{:05X}-{:05X}", range.start(), range.end() - 1);
}

}  // namespace cli
