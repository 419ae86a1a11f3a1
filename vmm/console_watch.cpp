#include "vmm/console_watch.hpp"

#include <algorithm>

#include "vmm/board/carrier.hpp"

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

// Of another text than the one it looks for it has seen nothing.
void ConsoleWatch::carry(Carrier& carrier) {
  constexpr std::uint32_t kLongest = 1 << 16;
  std::deque<std::uint8_t> text(until_.begin(), until_.end()), tail(tail_.begin(), tail_.end());
  bool found = found_, line_complete = line_complete_;
  carrier.queue(text, kLongest);
  carrier.queue(tail, kLongest);
  carrier.flag(found);
  carrier.flag(line_complete);
  if (!carrier.is_loading() ||
      !std::ranges::equal(text, until_, {}, {}, [](char c) { return std::uint8_t(c); }))
    return;
  tail_.assign(tail.begin(), tail.end());
  found_ = found;
  line_complete_ = line_complete;
}

}  // namespace vmm
