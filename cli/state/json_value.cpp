#include "cli/state/json_value.hpp"

#include <set>

namespace cli {
namespace {

// Notes a name that one object has twice; nlohmann's parser would take the last.
class Names {
 public:
  void operator()(Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end) open_.pop_back();
    if (event != Json::parse_event_t::key) return;
    if (!open_.back().insert(parsed.get<std::string>()).second) twice_ = parsed.dump();
  }
  const std::string& twice() const { return twice_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string twice_;
};

}  // namespace

lowmeg::Result<Json> parse_json(std::string_view text) {
  Names names;
  const auto watch = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
    names(event, parsed);
    return true;
  };
  try {
    Json json = Json::parse(text, watch);
    if (!names.twice().empty()) return json_refusal({}, "the field " + names.twice() + " is given twice");
    return json;
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 1: ..."; a number that no double holds
    // is an out_of_range.
    const std::string what = error.what();
    return json_refusal({}, what.substr(what.find("] ") + 2));
  }
}

}  // namespace cli
