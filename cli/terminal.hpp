// Colour, where there is a terminal to show it.
#pragma once

#include <string>
#include <string_view>

namespace cli {

enum class Colour { kPlain, kDim, kGreen, kYellow, kRed, kBold };

class Terminal {
 public:
  /// Colours only when `fd` is a terminal and NO_COLOR is not set (no-color.org).
  explicit Terminal(int fd);
  std::string paint(Colour colour, std::string_view text) const;

 private:
  bool colours_;
};

}  // namespace cli
