#include "tests/programs/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace programs {
namespace {

// As many as an image takes for certain.
constexpr std::size_t kMostAtOnce = 96;

// Those of a report; an emulator may have more to say.
std::vector<std::string> lines_of(const std::string& text) {
  constexpr std::string_view kBegins[] = {"R ", "W ", "P ", "END ", "! "};
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const auto begins = [&line](std::string_view with) { return line.starts_with(with); };
    if (std::ranges::any_of(kBegins, begins)) lines.push_back(line);
  }
  return lines;
}

std::string differences(const std::string& one, const std::string& other) {
  const auto left = lines_of(one), right = lines_of(other);
  std::string text;
  for (std::size_t i = 0, record = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string a = i < left.size() ? left[i] : "-", b = i < right.size() ? right[i] : "-";
    const std::string number = a.starts_with("R ") ? fmt::format("record {}: ", record++) : "";
    if (a != b) text += fmt::format("{}{}   |   {}\n", number, a, b);
  }
  return text;
}

}  // namespace

std::vector<bool> Comparison::differ(std::span<const Program> programs) {
  std::vector<bool> result;
  while (result.size() < programs.size()) {
    const auto batch =
        programs.subspan(result.size(), std::min(kMostAtOnce, programs.size() - result.size()));
    const Report one = read_report(one_.run(batch, Telling::kChecksums));
    const Report other = read_report(other_.run(batch, Telling::kChecksums));
    const bool ended = !one.end.empty() && !other.end.empty();
    const std::size_t told =
        ended ? batch.size() : std::min({one.programs.size(), other.programs.size(), batch.size() - 1});
    for (unsigned i = 0; i < told; ++i) {
      const auto a = one.programs.find(i), b = other.programs.find(i);
      result.push_back(a == one.programs.end() || b == other.programs.end() || a->second != b->second);
    }
    // The one that a subject did not get through.
    if (!ended) result.push_back(true);
  }
  return result;
}

Program Comparison::minimized(const Program& program) {
  return programs::minimized(program, [this](std::span<const Program> candidates) {
    std::vector<bool> does = differ(candidates);
    for (std::size_t i = 0; i < does.size(); ++i) does[i] = does[i] && keeps_to(profile_, candidates[i]);
    return does;
  });
}

std::string Comparison::explain(const Program& program) {
  const std::string one = one_.run({&program, 1}, Telling::kAll);
  const std::string other = other_.run({&program, 1}, Telling::kAll);
  return listing(program) + differences(one, other);
}

}  // namespace programs
