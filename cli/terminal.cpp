#include "cli/terminal.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cli {

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

}  // namespace cli
