#include "cli/terminal.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cli {
namespace {

constexpr std::string_view kIndent = "  ";

}  // namespace

Terminal::Terminal(int fd) : colours_(isatty(fd) == 1 && std::getenv("NO_COLOR") == nullptr) {}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  constexpr std::array<std::string_view, 6> kCodes{"",         "\033[2m",  "\033[32m",
                                                   "\033[33m", "\033[31m", "\033[1m"};
  if (!colours_ || colour == Colour::kPlain) return std::string(text);
  std::string painted(kCodes[static_cast<std::size_t>(colour)]);
  painted += text;
  painted += "\033[0m";
  return painted;
}

std::string wrapped(std::string_view text) {
  std::string lines;
  for (std::size_t room = kColumns; text.size() > room; room = kColumns - kIndent.size()) {
    std::size_t cut = text.rfind(' ', room);
    if (cut == std::string_view::npos || cut == 0) cut = text.find(' ', room);
    if (cut == std::string_view::npos) break;
    lines.append(text.substr(0, cut)).append("\n").append(kIndent);
    text.remove_prefix(cut + 1);
  }
  return lines.append(text);
}

}  // namespace cli
