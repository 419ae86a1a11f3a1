// Colour, where there is a terminal to show it, and lines that fit into one.
#pragma once

#include <cstddef>
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

/// How wide a line may be, in columns.
inline constexpr std::size_t kColumns = 100;

/// `text` in lines of at most kColumns, broken at spaces; lines after the first are indented by two. A
/// longer word stays whole.
std::string wrapped(std::string_view text);

}  // namespace cli
