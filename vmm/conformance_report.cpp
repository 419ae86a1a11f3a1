#include "vmm/conformance_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace vmm {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What comes before and after the first `mark`; nothing if there is none.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text,
                                                                 std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + mark.size()));
}

std::string printable(std::string_view text) {
  std::string result(text);
  std::replace_if(result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

}  // namespace

void ConformanceReport::put(char c) {
  if (c == '\n') {
    add(line_);
    line_.clear();
  } else if (line_.size() <= kLongestLine) {
    line_ += c;
  }
}

void ConformanceReport::add(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() <= kLongestLine && understand(line)) return;
  if (garbage_++ == 0) first_garbage_ = printable(line.substr(0, 60));
}

bool ConformanceReport::understand(std::string_view line) {
  struct Kind {
    std::string_view start;
    bool (ConformanceReport::*add)(std::string_view);
  };
  static constexpr Kind kKinds[] = {{"ok ", &ConformanceReport::add_ok},
                                    {"not ok ", &ConformanceReport::add_not_ok},
                                    {"1..", &ConformanceReport::add_plan},
                                    {"#", &ConformanceReport::add_note},
                                    {"Bail out!", &ConformanceReport::add_bail_out}};
  if (line.starts_with("  ")) return add_diagnostic(line.substr(2));
  diagnosed_ = false;
  in_diagnostic_ = false;
  if (line == "TAP version 13" || line == "TAP version 14") return true;
  for (const Kind& kind : kKinds) {
    if (line.starts_with(kind.start)) return (this->*kind.add)(line.substr(kind.start.size()));
  }
  return false;
}

// The first word, without a colon.
CheckGroup* ConformanceReport::group_of(std::string_view name) {
  std::string_view word = name.substr(0, name.find(' '));
  if (word.ends_with(':')) word.remove_suffix(1);
  const std::string text = printable(word);
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [&text](const CheckGroup& group) { return group.name == text; });
  if (found != groups_.end()) return &*found;
  if (word.empty() || groups_.size() == kMostGroups) return nullptr;
  return &groups_.emplace_back(CheckGroup{text, {}});
}

// "12 - group: what", "12 - group # SKIP why"
bool ConformanceReport::add_check(std::string_view text, Verdict verdict) {
  const auto parts = cut(text, " - ");
  const auto at = parts ? number<std::uint64_t>(parts->first, 10) : std::nullopt;
  if (!at) return false;
  const auto directive = cut(parts->second, " # SKIP ");
  const std::string_view name = directive ? directive->first : parts->second;
  CheckGroup* const group = group_of(name);
  if (group == nullptr) return false;
  if (*at != ++checks_) ++misnumbered_;
  if (directive && verdict == Verdict::kOk) {
    group->skipped = printable(directive->second);
    return true;
  }
  ++group->counted.total;
  if (verdict == Verdict::kOk) {
    ++group->counted.passed;
  } else if (failures_.size() < kMostFailures) {
    failures_.push_back({printable(name)});
    diagnosed_ = true;
  }
  return true;
}

bool ConformanceReport::add_plan(std::string_view text) {
  if (plan_) return false;
  plan_ = number<std::uint64_t>(text, 10);
  return plan_.has_value();
}

bool ConformanceReport::add_note(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (notes_.size() < kMostNotes) notes_.push_back(printable(text));
  return true;
}

bool ConformanceReport::add_bail_out(std::string_view text) {
  bailed_out_ = text.starts_with(' ') ? printable(text.substr(1)) : "no reason is given";
  return true;
}

// A line of YAML, from "---" to "...": "got: 0x12" and "want: 0x34" are understood, others are passed over.
bool ConformanceReport::add_diagnostic(std::string_view text) {
  const bool was_inside = std::exchange(in_diagnostic_, text != "...");
  if (text == "---") return !was_inside;
  const auto parts = cut(text, ": 0x");
  if (!was_inside || !parts || !diagnosed_) return was_inside;
  const auto value = number<std::uint32_t>(parts->second, 16);
  if (parts->first == "got") failures_.back().got = value;
  if (parts->first == "want") failures_.back().want = value;
  return value.has_value();
}

CheckTotals ConformanceReport::counted() const {
  CheckTotals sum;
  for (const CheckGroup& group : groups_) {
    sum.passed += group.counted.passed;
    sum.total += group.counted.total;
  }
  return sum;
}

std::vector<std::string> ConformanceReport::contradictions() const {
  std::vector<std::string> lines;
  if (misnumbered_ != 0) {
    lines.push_back(fmt::format("{} {} out of turn", misnumbered_,
                                misnumbered_ == 1 ? "check is numbered" : "checks are numbered"));
  }
  if (!bailed_out_.empty()) {
    lines.push_back("it bailed out: " + bailed_out_);
  } else if (!plan_) {
    lines.push_back("the plan is missing");
  } else if (*plan_ != checks_) {
    lines.push_back(fmt::format("the plan is of {} checks, the lines are of {}", *plan_, checks_));
  }
  return lines;
}

std::vector<std::string> ConformanceReport::complaints() const {
  std::vector<std::string> lines = contradictions();
  if (garbage_ != 0) {
    lines.insert(lines.begin(), fmt::format("{} {} no part of a report, first: {}", garbage_,
                                            garbage_ == 1 ? "line is" : "lines are", first_garbage_));
  }
  return lines;
}

bool ConformanceReport::all_passed() const {
  const CheckTotals sum = counted();
  return sum.total != 0 && sum.passed == sum.total && contradictions().empty();
}

}  // namespace vmm
