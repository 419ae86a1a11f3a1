#include "tests/programs/minimize.hpp"

#include <algorithm>

namespace programs {
namespace {

// The program without each of its `parts` parts.
std::vector<Program> complements(const Program& program, std::size_t parts) {
  std::vector<Program> candidates;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t first = program.size() * i / parts, end = program.size() * (i + 1) / parts;
    Program rest(program.begin(), program.begin() + static_cast<std::ptrdiff_t>(first));
    rest.insert(rest.end(), program.begin() + static_cast<std::ptrdiff_t>(end), program.end());
    candidates.push_back(std::move(rest));
  }
  return candidates;
}

}  // namespace

Program minimized(Program program, const Judge& judge) {
  std::size_t parts = 2;
  while (program.size() > 1) {
    parts = std::min(parts, program.size());
    const auto candidates = complements(program, parts);
    const std::vector<bool> does = judge(candidates);
    const auto first = std::ranges::find(does, true);
    if (first != does.end()) {
      program = candidates[static_cast<std::size_t>(first - does.begin())];
      parts = std::max<std::size_t>(parts - 1, 2);
    } else if (parts == program.size()) {
      break;
    } else {
      parts *= 2;
    }
  }
  return program;
}

}  // namespace programs
