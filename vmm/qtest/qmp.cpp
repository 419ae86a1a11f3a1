#include "vmm/qtest/qmp.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace vmm::qtest {
namespace {

using Json = nlohmann::json;
using Then = Qmp::Answer::Then;

// Clients judge by it what they may ask for.
Json version() {
  return {{"qemu", {{"major", 7}, {"minor", 2}, {"micro", 0}}}, {"package", "lowmeg"}};
}

std::string line_of(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Json error(const char* kind, const std::string& text) {
  return {{"error", {{"class", kind}, {"desc", text}}}};
}

struct QmpCommand {
  std::string_view name;
  Then then;
  Json (*result)();
};
Json nothing() {
  return Json::object();
}
const QmpCommand kQmpCommands[] = {
    {"quit", Then::kQuit, nothing},
    {"system_reset", Then::kReset, nothing},
    {"query-status", Then::kGoOn, [] { return Json{{"status", "running"}, {"running", true}}; }},
    {"query-version", Then::kGoOn, version},
};

// A number or a string comes back as it was.
Qmp::Answer with_id(const Json& request, Json reply, Then then) {
  const auto id = request.find("id");
  if (id != request.end() && (id->is_number() || id->is_string())) reply["id"] = *id;
  return {line_of(reply), then};
}

}  // namespace

std::string Qmp::greeting() {
  return line_of({{"QMP", {{"version", version()}, {"capabilities", Json::array()}}}});
}

std::string Qmp::reset_event(std::uint64_t microseconds_since_1970) {
  constexpr std::uint64_t kSecond = 1'000'000;
  return line_of({{"event", "RESET"},
                  {"data", {{"guest", false}, {"reason", "host-qmp-system-reset"}}},
                  {"timestamp",
                   {{"seconds", microseconds_since_1970 / kSecond},
                    {"microseconds", microseconds_since_1970 % kSecond}}}});
}

Qmp::Answer Qmp::answer(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return {line_of(error("GenericError", "a line must hold one JSON object")), {}};
  const auto execute = request.find("execute");
  if (execute == request.end() || !execute->is_string())
    return with_id(request, error("GenericError", "QMP input lacks member 'execute'"), {});
  const std::string name = execute->get<std::string>();
  if (!negotiated_) {
    negotiated_ = name == "qmp_capabilities";
    return with_id(
        request,
        negotiated_ ? Json{{"return", Json::object()}}
                    : error("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'"),
        {});
  }
  const auto command = std::ranges::find(kQmpCommands, name, &QmpCommand::name);
  if (command == std::end(kQmpCommands))
    return with_id(request, error("CommandNotFound", "The command " + name + " has not been found"), {});
  return with_id(request, {{"return", command->result()}}, command->then);
}

}  // namespace vmm::qtest
