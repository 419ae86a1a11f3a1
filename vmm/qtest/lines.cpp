#include "vmm/qtest/lines.hpp"

namespace vmm::qtest {

void Lines::put(std::string_view bytes) {
  if (!overrun_) bytes_ += bytes;
}

std::optional<std::string> Lines::next() {
  const std::size_t end = bytes_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = bytes_.size();
    overrun_ = overrun_ || searched_ > longest_;
    return std::nullopt;
  }
  std::string line = bytes_.substr(0, end);
  bytes_.erase(0, end + 1);
  searched_ = 0;
  if (line.size() <= longest_) return line;
  overrun_ = true;
  bytes_.clear();
  return std::nullopt;
}

}  // namespace vmm::qtest
