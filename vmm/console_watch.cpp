#include "vmm/console_watch.hpp"

namespace vmm {

void ConsoleWatch::put(char c) {
  output_(c);
  if (found_) {
    line_complete_ = line_complete_ || c == '\n';
    return;
  }
  if (until_.empty()) return;
  tail_ += c;
  if (tail_.size() > until_.size()) tail_.erase(0, 1);
  found_ = tail_ == until_;
  line_complete_ = found_ && c == '\n';
}

}  // namespace vmm
