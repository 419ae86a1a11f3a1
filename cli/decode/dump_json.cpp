#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/decode/dump_view.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

std::string gpa_text(lowmeg::Gpa gpa) {
  return fmt::format("0x{:x}", gpa);
}

Json range_json(const lowmeg::GpaRange& range) {
  if (range.empty()) return nullptr;
  return {{"start", gpa_text(range.start())}, {"end", gpa_text(range.end())}};
}

Json bridge_json(const ConfigSpace& space) {
  return {{"address", text_of(space.address)},
          {"id", fmt::format("{:04x}:{:04x}", space.word(0), space.word(2))},
          {"revision", space.bytes[8]}};
}

Json row_json(const DumpRow& row) {
  Json json = range_json(row.range);
  json["state"] = row.state ? Json(short_name(*row.state)) : Json(nullptr);
  json["reads"] = name_of(row.read);
  json["writes"] = name_of(row.write);
  json["register"] = row.field.empty() ? Json(nullptr) : Json(row.field);
  if (row.smm_fetch) json["smm_code"] = name_of(*row.smm_fetch);
  if (row.smm_data) json["smm_data"] = name_of(*row.smm_data);
  return json;
}

Json smram_json(const DumpReport& report) {
  const std::uint8_t smram = report.registers.smram;
  const auto bit = [smram](unsigned at) { return (smram >> at & 1) != 0; };
  return {{"enabled", bit(3)},
          {"open", bit(6)},
          {"closed", bit(5)},
          {"locked", bit(4)},
          {"compatible", range_json(report.smram.compatible.range)},
          {"high", range_json(report.smram.high.range)},
          {"tseg", range_json(report.smram.tseg.range)}};
}

}  // namespace

std::string report_json(const BridgeDump& dump, const DumpReport& report) {
  Json json;
  json["chip"] = dump.chip;
  json["host_bridge"] = report.only_pam ? Json(nullptr) : bridge_json(dump.host_bridge);
  json["agp_bridge"] = dump.agp_bridge ? bridge_json(*dump.agp_bridge) : Json(nullptr);
  json["pam"] = report.registers.pam;
  json["map"] = Json::array();
  for (const DumpRow& row : report.rows) json["map"].push_back(row_json(row));
  json["top_of_memory"] = report.top_of_memory ? Json(gpa_text(*report.top_of_memory)) : Json(nullptr);
  json["hole"] = range_json(report.hole);
  json["smram"] = dump.host_bridge.known[0x72] ? smram_json(report) : Json(nullptr);
  json["warnings"] = Json::array();
  for (const Warning& warning : report.warnings)
    json["warnings"].push_back({{"code", warning.code}, {"text", warning.text}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string diff_json(const DumpDiff& diff) {
  Json json{{"registers", Json::array()}, {"map", Json::array()}};
  for (const DumpDiff::Register& changed : diff.registers) {
    json["registers"].push_back({{"offset", changed.offset},
                                 {"name", changed.name.empty() ? Json(nullptr) : Json(changed.name)},
                                 {"before", changed.before},
                                 {"now", changed.now}});
  }
  for (const DumpDiff::Row& row : diff.rows) {
    Json entry = range_json(row.range);
    entry["before"] = row.before;
    entry["now"] = row.now;
    json["map"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace cli
