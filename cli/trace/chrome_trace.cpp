#include "cli/trace/chrome_trace.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lowmeg/core/gpa_state.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = vmm::TraceEvent::Kind;

// A row of the picture each, in the order of the enumeration.
constexpr const char* kTracks[] = {"config writes", "map changes", "GET",      "commits",
                                   "pauses",        "slot calls",  "mappings", "mprotect",
                                   "demotions",     "exits",       "resets",   "servicing"};
static_assert(std::size(kTracks) == vmm::TraceEvent::kKinds);

Json arguments_of(const vmm::TraceEvent& event) {
  Json args = Json::object();
  for (const auto& [name, text] : event.texts) args[name] = text;
  for (const auto& [name, number] : event.numbers) args[name] = number;
  if (event.code) args["code"] = fmt::format("{:04X}:{:08X}", event.code->cs, event.code->ip);
  if (!event.change) return args;
  if (const auto& write = event.change->config_write) {
    args["register"] = fmt::format("{:02X}h", write->offset);
    args["before"] = fmt::format("{:08X}", write->before);
    args["now"] = fmt::format("{:08X}", write->now);
  }
  for (const lowmeg::GpaStateChange& change : event.change->segments) {
    args[fmt::format("{:05X}-{:05X}", change.range.start(), change.range.end() - 1)] =
        fmt::format("{} > {}", short_name(change.before), short_name(change.now));
  }
  return args;
}

Json event_json(const vmm::TraceEvent& event) {
  const auto track = static_cast<unsigned>(event.kind);
  Json json{{"name", event.name},
            {"cat", kTracks[track]},
            {"pid", 1},
            {"tid", track + 1},
            {"ts", static_cast<double>(event.at_ns) / 1000}};
  if (event.kind == Kind::kExits) {
    json["ph"] = "C";
  } else if (event.took_ns != 0) {
    json["ph"] = "X";
    json["dur"] = static_cast<double>(event.took_ns) / 1000;
  } else {
    json["ph"] = "i";
    json["s"] = "t";
  }
  json["args"] = arguments_of(event);
  return json;
}

Json name_json(const char* what, unsigned thread, const std::string& name) {
  return {{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", thread}, {"args", {{"name", name}}}};
}

}  // namespace

std::string chrome_trace(std::span<const vmm::TraceEvent> events, std::uint64_t lost,
                         const std::string& title) {
  std::string text = "{\"displayTimeUnit\": \"ns\", \"otherData\": " + Json{{"lost", lost}}.dump() +
                     ", \"traceEvents\": [\n";
  text += name_json("process_name", 0, title).dump();
  for (unsigned track = 0; track < std::size(kTracks); ++track)
    text += ",\n" + name_json("thread_name", track + 1, kTracks[track]).dump();
  for (const vmm::TraceEvent& event : events)
    text += ",\n" + event_json(event).dump(-1, ' ', false, Json::error_handler_t::replace);
  return text + "\n]}\n";
}

}  // namespace cli
