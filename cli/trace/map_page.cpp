#include "cli/trace/map_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map_template.hpp>
#include <nlohmann/json.hpp>

#include "lowmeg/core/pam.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = vmm::TraceEvent::Kind;

std::size_t index_of(const lowmeg::GpaRange& range) {
  return static_cast<std::size_t>(std::ranges::find(lowmeg::kPamSegments, range) -
                                  lowmeg::kPamSegments.begin());
}

std::string register_text(const vmm::RegisterChange& write) {
  return write.device == 0 ? fmt::format("{:02X}h", write.offset)
                           : fmt::format("{}/{:02X}h", write.device, write.offset);
}

std::string get_text(const vmm::GetTraffic& get) {
  return fmt::format("GET: {} resets, {} creates, {} round trips", get.resets, get.creates, get.round_trips);
}

// "C0000-C3FFF ro", a word a segment.
std::string segments_text(const std::vector<lowmeg::GpaStateChange>& changes) {
  if (changes.size() == lowmeg::kPamSegmentCount) return "all";
  std::string text;
  for (const lowmeg::GpaStateChange& change : changes)
    text +=
        fmt::format("{}{:05X} {}", text.empty() ? "" : ", ", change.range.start(), short_name(change.now));
  return text;
}

// The config write within which the change at `first` was told of: it is over after that.
const vmm::TraceEvent* write_of(std::span<const vmm::TraceEvent> later) {
  const auto next = std::ranges::find_if(later, [](const vmm::TraceEvent& event) {
    return event.kind == Kind::kConfigWrite || event.kind == Kind::kMapChange;
  });
  return next != later.end() && next->kind == Kind::kConfigWrite ? &*next : nullptr;
}

Json change_json(const vmm::TraceEvent& event, const vmm::TraceEvent* write) {
  const vmm::TimelineEntry& entry = *event.change;
  Json json{{"t", event.at_ns}, {"cost", event.took_ns}, {"text", segments_text(entry.segments)}};
  if (entry.config_write) {
    json["register"] = register_text(*entry.config_write);
    json["before"] = fmt::format("{:08X}", entry.config_write->before);
    json["now"] = fmt::format("{:08X}", entry.config_write->now);
    if (write && write->code) json["code"] = fmt::format("{:04X}:{:08X}", write->code->cs, write->code->ip);
  }
  if (entry.get) json["get"] = get_text(*entry.get);
  json["segments"] = Json::array();
  for (const lowmeg::GpaStateChange& change : entry.segments)
    json["segments"].push_back({index_of(change.range), short_name(change.before), short_name(change.now)});
  return json;
}

}  // namespace

std::string map_data(std::span<const vmm::TraceEvent> events, const MapPage& page) {
  Json json{{"title", page.title}, {"end", page.end_ns}, {"lost", page.lost}};
  json["segments"] = Json::array();
  for (const lowmeg::GpaRange& segment : lowmeg::kPamSegments)
    json["segments"].push_back({{"start", segment.start()}, {"end", segment.end()}});
  json["changes"] = json["resets"] = Json::array();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const vmm::TraceEvent& event = events[i];
    if (event.change && !event.change->segments.empty())
      json["changes"].push_back(change_json(event, write_of(events.subspan(i + 1))));
    if (event.kind == Kind::kReset || event.kind == Kind::kServicing)
      json["resets"].push_back({{"t", event.at_ns}, {"name", event.name}});
  }
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  // "</script>" within a string would end the element.
  for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
    text.insert(at + 1, "\\");
  return text;
}

std::string map_page(std::span<const vmm::TraceEvent> events, const MapPage& page) {
  constexpr std::string_view kMark = "@DATA@";
  const std::size_t mark = kMapPage.find(kMark);
  std::string html(kMapPage.substr(0, mark));
  html += map_data(events, page);
  return html.append(kMapPage.substr(mark + kMark.size()));
}

}  // namespace cli
