// A stream of bytes as lines, with a limit to how long one may be.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vmm::qtest {

/// Takes bytes as they come, in any pieces. No threads, no I/O.
class Lines {
 public:
  explicit Lines(std::size_t longest) : longest_(longest) {}

  void put(std::string_view bytes);
  /// The next line, without its newline; none: more bytes are needed.
  std::optional<std::string> next();
  /// A line grew beyond the limit. What is put from then on is passed over.
  bool is_overrun() const { return overrun_; }

 private:
  const std::size_t longest_;
  std::string bytes_;         // not yet taken
  std::size_t searched_ = 0;  // of them, without a newline
  bool overrun_ = false;
};

}  // namespace vmm::qtest
