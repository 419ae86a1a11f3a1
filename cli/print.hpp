// Text to stdout or stderr that ends nobody.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace cli {

/// fmt::print throws where the stream cannot be written (a full disk, a reader that has gone), and a log that
/// is lost must not end a machine that runs. What stdout loses shows in its error flag: settle_stdout().
template <typename... Args>
void print(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

}  // namespace cli
