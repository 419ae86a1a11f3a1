#include "vmm/conformance_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace vmm {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What comes before and after the last `mark`; nothing if there is none.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text,
                                                                 std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + mark.size()));
}

// "12 34"
std::optional<CheckTotals> totals(std::string_view text) {
  const auto parts = cut(text, " ");
  if (!parts) return std::nullopt;
  const auto passed = number<std::uint64_t>(parts->first, 10);
  const auto total = number<std::uint64_t>(parts->second, 10);
  if (!passed || !total || *passed > *total) return std::nullopt;
  return CheckTotals{*passed, *total};
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
  if (line.size() <= kLongestLine && understand(line)) return;
  if (garbage_++ == 0) first_garbage_ = printable(line.substr(0, 60));
}

bool ConformanceReport::understand(std::string_view line) {
  struct Kind {
    std::string_view start;
    bool (ConformanceReport::*add)(std::string_view);
  };
  static constexpr Kind kKinds[] = {{"PASS ", &ConformanceReport::add_pass},
                                    {"FAIL ", &ConformanceReport::add_failure},
                                    {"GROUP ", &ConformanceReport::add_group},
                                    {"DONE ", &ConformanceReport::add_done}};
  if (line.starts_with("INFO ")) return true;
  for (const Kind& kind : kKinds) {
    if (line.starts_with(kind.start)) return (this->*kind.add)(line.substr(kind.start.size()));
  }
  return false;
}

CheckGroup* ConformanceReport::group_of(std::string_view name) {
  const std::string_view word = name.substr(0, name.find(' '));
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [word](const CheckGroup& group) { return group.name == word; });
  if (found != groups_.end()) return &*found;
  if (word.empty() || groups_.size() == kMostGroups) return nullptr;
  return &groups_.emplace_back(CheckGroup{std::string(word), {}, {}});
}

bool ConformanceReport::add_pass(std::string_view name) {
  CheckGroup* const group = group_of(name);
  if (group == nullptr) return false;
  ++group->counted.passed;
  ++group->counted.total;
  return true;
}

bool ConformanceReport::add_failure(std::string_view text) {
  const auto with_want = cut(text, " want=");
  if (!with_want) return false;
  const auto with_got = cut(with_want->first, " got=");
  if (!with_got) return false;
  const auto got = number<std::uint32_t>(with_got->second, 16);
  const auto want = number<std::uint32_t>(with_want->second, 16);
  CheckGroup* const group = got && want ? group_of(with_got->first) : nullptr;
  if (group == nullptr) return false;
  ++group->counted.total;
  if (failures_.size() < kMostFailures) failures_.push_back({printable(with_got->first), *got, *want});
  return true;
}

bool ConformanceReport::add_group(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const auto told = totals(text.substr(space + 1));
  CheckGroup* const group = told ? group_of(text) : nullptr;
  if (group == nullptr || group->told) return false;
  group->told = told;
  return true;
}

bool ConformanceReport::add_done(std::string_view text) {
  if (done_) return false;
  done_ = totals(text);
  return done_.has_value();
}

CheckTotals ConformanceReport::counted() const {
  CheckTotals sum;
  for (const CheckGroup& group : groups_) {
    sum.passed += group.counted.passed;
    sum.total += group.counted.total;
  }
  return sum;
}

std::vector<std::string> ConformanceReport::complaints() const {
  std::vector<std::string> lines;
  if (garbage_ != 0) {
    lines.push_back(fmt::format("{} {} no part of a report, first: {}", garbage_,
                                garbage_ == 1 ? "line is" : "lines are", first_garbage_));
  }
  const auto hold = [&lines](const std::string& who, const std::optional<CheckTotals>& told,
                             const CheckTotals& counted) {
    if (!told) {
      lines.push_back(who + ": the totals are missing");
    } else if (*told != counted) {
      lines.push_back(fmt::format("{}: the totals say {} of {}, the lines {} of {}", who, told->passed,
                                  told->total, counted.passed, counted.total));
    }
  };
  for (const CheckGroup& group : groups_) hold("group " + printable(group.name), group.told, group.counted);
  hold("all", done_, counted());
  return lines;
}

bool ConformanceReport::all_passed() const {
  const CheckTotals sum = counted();
  return sum.total != 0 && sum.passed == sum.total && complaints().empty();
}

}  // namespace vmm
